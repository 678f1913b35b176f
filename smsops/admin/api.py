"""The page on which the API is read: its own schema, drawn by us, so that it needs no script and no other host."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from smsops.admin.site import add_page
from smsops.api.site import ABOUT, schema

LONG = 120  # characters of a list of words


@dataclass(frozen=True)
class Field:
    """What is given with a request, in one line."""

    name: str
    place: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True)
class Shown:
    """One operation."""

    mark: str
    method: str
    path: str
    summary: str
    about: str
    scope: str
    permission: str
    fields: list[Field]


def page(request: HttpRequest) -> HttpResponse:
    """Every operation, by room."""
    rooms: dict[str, list[Shown]] = defaultdict(list)
    found = schema()
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            rooms[operation["tags"][0]].append(_shown(path, method, operation, found))
    context = {**site.each_context(request), "title": "API", "rooms": dict(rooms), "about": ABOUT.replace("`", "")}
    return render(request, "admin/smsops/api.html", context)


def _shown(path: str, method: str, operation: dict[str, Any], found: dict[str, Any]) -> Shown:
    fields = [_parameter(each) for each in operation.get("parameters", [])]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    fields += _body(_resolved(body, found))
    return Shown(
        mark=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        about=operation.get("description", ""),
        scope=operation["x-scope"],
        permission=operation["x-permission"],
        fields=fields,
    )


def _parameter(told: dict[str, Any]) -> Field:
    place = {"path": "address", "query": "?", "header": "header"}[told["in"]]
    about = told.get("description", "") or told["schema"].get("description", "")
    return Field(told["name"], place, _kind(told["schema"]), bool(told["required"]), about)


def _body(told: dict[str, Any]) -> list[Field]:
    required = told.get("required", [])
    return [
        Field(name, "body", _kind(each), name in required, each.get("description", ""))
        for name, each in told.get("properties", {}).items()
    ]


def _resolved(told: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    name = told.get("$ref", "").rpartition("/")[2]
    known: dict[str, Any] = found["components"]["schemas"].get(name, told)
    return known


def _kind(told: dict[str, Any]) -> str:
    """The kind of a value in a few words."""
    told = _resolved(told, schema())
    if "anyOf" in told:
        return " or ".join(_kind(each) for each in told["anyOf"] if each.get("type") != "null")
    if "enum" in told:
        words = ", ".join(map(str, told["enum"]))
        return words if len(words) <= LONG else f"{words[:LONG]}…"
    if told.get("type") == "array":
        return f"list of {_kind(told.get('items', {}))}"
    return str(told.get("format") or told.get("type", ""))


add_page("api/", "smsops_api", page)
