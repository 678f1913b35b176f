"""A person in front of the admin: signs in, opens pages, sends forms; and what a page is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from smsops.models import AuditEntry

INLINE = {"a", "span", "strong", "em", "code", "time", "b", "i"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Element:
    """One element of a page, with all the text inside it."""

    tag: str
    attributes: dict[str, str]
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE:
            self.handle_data(" ")
        element = Element(tag, {name: value or "" for name, value in attributes})
        self.found.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append(Element(tag, {name: value or "" for name, value in attributes}))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place].tag == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.pieces.append(data)


class Page:
    """What the server sent."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status: int = response.status_code
        self.address: str = response.headers.get("Location", "")
        self.html = response.content.decode()
        reader = _Reader()
        reader.feed(self.html)
        self.elements = reader.found

    @property
    def text(self) -> str:
        """Everything a person reads on it."""
        return next((element.text for element in self.elements if element.tag == "body"), "")

    def all(self, tag: str, css: str = "") -> list[Element]:
        return [each for each in self.elements if each.tag == tag and (not css or css in each.classes)]

    def one(self, tag: str, css: str = "") -> Element:
        (found,) = self.all(tag, css)
        return found

    @property
    def links(self) -> list[str]:
        return [element.attributes.get("href", "") for element in self.all("a")]

    @property
    def doors(self) -> list[str]:
        """Links to object actions."""
        return [link for link in self.links if "/do/" in link]

    def errors_of(self, label: str) -> str:
        """What is said beside the field of that label."""
        field = next(each for each in self.all("div", "field") if each.text.startswith(label))
        return field.text if "errors" in field.classes else ""


class Browser:
    """One signed-in person."""

    def __init__(self, user: User | None = None, **options: Any) -> None:
        self.user = user
        self.client = Client(**options)
        if user is not None:
            self.client.force_login(user)

    def get(self, address: str, **data: str) -> Page:
        return Page(self.client.get(address, data))

    def post(self, address: str, **data: Any) -> Page:
        return Page(self.client.post(address, data))


def door(target: Model, name: str) -> str:
    """The address of an object action."""
    info = target._meta.app_label, target._meta.model_name
    return reverse("admin:{}_{}_do".format(*info), args=[target.pk, name])


def changelist(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def change_page(target: Model) -> str:
    return reverse(f"admin:{target._meta.app_label}_{target._meta.model_name}_change", args=[target.pk])


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, sessions and the audit trail left out: two equal answers mean that nothing was
    changed."""
    left_out = (Session, AuditEntry)
    tables = [model for model in apps.get_models(include_auto_created=True) if model not in left_out]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in tables}
