"""A telephone with an authenticator app (RFC 6238, written out here), and a person who signs in with it."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from base64 import b32decode
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from smsops.signin import devices
from tests.admin.browser import Browser, Page
from tests.places import wait_for

LOGIN, CODE, DEVICE = "admin:login", "admin:login_code", "admin:login_device"


@dataclass(frozen=True)
class Phone:
    """An app that was given a key."""

    key: bytes

    @classmethod
    def reading(cls, page: Page) -> Phone:
        """Type in what the page says for those without a camera."""
        words = next(each.text for each in page.all("code", "key"))
        return cls(b32decode(words.replace(" ", "")))

    def code(self, later: int = 0) -> str:
        """What it shows now, or so many steps of 30 seconds later."""
        step = int(time.time()) // 30 + later
        digest = hmac.digest(self.key, step.to_bytes(8, "big"), hashlib.sha1)
        place = digest[-1] & 15
        number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
        return f"{number % 10**6:06}"


def early() -> None:
    """Let a step begin first where this one is about to end: what is shown now is still what it was when it is read."""
    wait_for(lambda: time.time() % 30 < 25, "the next step")


def given(user: User) -> tuple[Phone, list[str]]:
    """A telephone that was set up a moment ago, with its backup codes; the codes from now on are unused."""
    draft = devices.Draft.new(user)
    phone = Phone(draft.key)
    _, codes = devices.confirm(draft, phone.code(-1))
    return phone, codes


def password(browser: Browser, user: User, word: str = "secret", **more: Any) -> Page:
    return browser.post(reverse(LOGIN), username=user.username, password=word, **more)


def code(browser: Browser, typed: str) -> Page:
    return browser.post(reverse(CODE), code=typed)


def signed_in(browser: Browser) -> bool:
    return browser.get(reverse("admin:index")).status == 200


def pressed_in(page: Page) -> dict[str, str]:
    """What a page's hidden fields hold."""
    hidden = [each.attributes for each in page.all("input") if each.attributes.get("type") == "hidden"]
    return {each["name"]: each.get("value", "") for each in hidden if each["name"] != "csrfmiddlewaretoken"}


def wrong(right: str) -> str:
    """Another code than that."""
    return re.sub(r"^.", lambda first: str((int(first[0]) + 1) % 10), right)
