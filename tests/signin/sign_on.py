"""The way through the single sign-on, as a browser goes it."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from django.urls import reverse

from tests.admin.browser import Browser, Page
from tests.signin.phone import signed_in

BEGIN, CALLBACK, LOGIN = "admin:oidc_begin", "admin:oidc_callback", "admin:login"


def sent(browser: Browser, **asked: str) -> str:
    """Press the button, and go to the provider: the address it sends back to."""
    away = browser.get(reverse(BEGIN), **asked).address
    return requests.get(away, allow_redirects=False, timeout=10).headers["Location"]


def back(browser: Browser, address: str) -> Page:
    """Come back with what the provider gave."""
    url = urlsplit(address)
    return Page(browser.client.get(f"{url.path}?{url.query}"))


def through(browser: Browser, **asked: str) -> Page:
    return back(browser, sent(browser, **asked))


def refused(browser: Browser) -> bool:
    """Whether the way through ended at the sign-in page, with nobody signed in."""
    page = through(browser)
    said = browser.get(reverse(LOGIN)).text
    return page.address == reverse(LOGIN) and "That did not work." in said and not signed_in(browser)
