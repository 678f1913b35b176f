"""Wrong values for a field, by its kind. `Wrong.surely`: no field of that kind may take it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.forms.reading import OF_DJANGO, Control

MEGABYTE = "x" * 1_000_000
NO_TEXT = b"\xed\xa0\x80\xff\xfe"  # half of a pair, and what is no UTF-8
DIGITS = "9" * 5000  # more than Python makes a number of


@dataclass(frozen=True)
class Wrong:
    """What is sent, and whether it has to be refused."""

    what: str
    value: Any
    surely: bool = False


WORDS = (
    Wrong("nul", "a\x00b", True),
    Wrong("no utf-8", NO_TEXT),
    Wrong("blank", " \t\u00a0\u3000 "),
    Wrong("right to left", "\u202egpj.\u2066exe\u200f"),
    Wrong("path", "../../../../etc/passwd"),
    Wrong("script", "javascript:alert(1)"),
    Wrong("half an address", "http://[::1"),
    Wrong("no port", "http://user:word@host:99999999/%zz?#"),
    Wrong("expression", "(?P<a>(*["),
    Wrong("format", "{0.__class__} %(x)s %s {% now %} ${x}"),
    Wrong("digits", DIGITS),
    Wrong("no number", "²"),
    Wrong("negative", "-1"),
    Wrong("many lines", "a\r\nb\u2028c\x85d\x0be\x1b[31m"),
)
NO_JSON = (
    Wrong("broken json", '{"a": [1, 2'),
    Wrong("no json number", '{"a": NaN, "b": Infinity}'),
    Wrong("half a pair in json", '{"\\ud800": "\\udfff"}'),
    Wrong("nul in json", '{"a": "\\u0000"}'),
    Wrong("deep json", "[" * 20_000),
)
LONG = (
    Wrong("left empty", ""),
    Wrong("null", "null"),
    Wrong("list of all sorts", '[null, 1, {"a": []}, "x", ["y"]]'),
    Wrong("rule of no words", '[{"match": {"a": "b"}, "severity": [], "issue": {}, "cause": {}}]'),
    Wrong("step of no words", '[{"in": {}, "do": [], "pattern": 5, "points": {}, "helps": [[]]}]'),
    Wrong("object for text", '{"a": null, "alertname": 5, "x": ["y"]}'),
)
NUMBERS = (
    Wrong("letters", "twelve", True),
    Wrong("negative", "-1"),
    Wrong("exponent", "9e99", True),
    Wrong("huge", str(10**30), True),
    Wrong("digits", DIGITS, True),
    Wrong("nul", "1\x00", True),
    Wrong("no number", "²", True),
    Wrong("nan", "NaN", True),
    Wrong("beyond 32 bits", str(2**31), True),
    Wrong("32 bits", str(2**31 - 1)),
    Wrong("zero", "0"),
    Wrong("no utf-8", NO_TEXT, True),
)
TIMES = (
    Wrong("letters", "soon", True),
    Wrong("no such day", "2026-02-31T10:00", True),
    Wrong("another order", "31.02.2026 10:00", True),
    Wrong("first year", "0001-01-01T00:00", True),
    Wrong("last year", "9999-12-31T23:59", True),
    Wrong("no such hour", "2026-02-03T25:61", True),
    Wrong("nul", "2026-02-03T10:00\x00", True),
    Wrong("odd zone", "2026-02-03T10:00:00+99:99", True),
    Wrong("digits", DIGITS, True),
    Wrong("no utf-8", NO_TEXT, True),
    Wrong("far away", "2950-01-01T10:00"),
    Wrong("long ago", "1066-10-14T09:00"),
)
HOURS = (Wrong("letters", "noon", True), Wrong("no such hour", "25:61", True), Wrong("nul", "10:00\x00", True),
         Wrong("digits", DIGITS, True))  # fmt: skip
CHOICES = (
    Wrong("no choice", "no-such-choice", True),
    Wrong("huge", str(10**30), True),
    Wrong("no number", "²", True),
    Wrong("nul", "\x00", True),
    Wrong("negative", "-1", True),
    Wrong("digits", DIGITS, True),
    Wrong("no utf-8", NO_TEXT, True),
)
HIDDEN = tuple(Wrong(each.what, each.value) for each in CHOICES)


def of(control: Control) -> tuple[Wrong, ...]:
    """The wrong values for this field."""
    if control.name.endswith(OF_DJANGO):
        return (Wrong("letters", "x"), Wrong("negative", "-1"), Wrong("nul", "\x00"), Wrong("none", ""))
    empty = (Wrong("empty", "", True),) if control.required or control.kind in ("date", "time") else ()
    return (*(empty if control.required else ()), *_of_kind(control))


def _of_kind(control: Control) -> Iterator[Wrong]:
    match control.kind:
        case "number":
            yield from NUMBERS
        case "date" | "datetime-local" | "datetime":
            yield from TIMES
        case "time":
            yield from HOURS
        case "select" | "radio" | "select-multiple":
            yield from CHOICES
        case "checkbox":
            yield from CHOICES if len(control.options) > 1 else ()
        case "hidden" | "button":
            yield from HIDDEN
        case "file":
            yield from _files()
        case _:
            yield from _of_text(control)


def _of_text(control: Control) -> Iterator[Wrong]:
    yield from WORDS
    if control.most is not None:
        yield Wrong("too long", "x" * (control.most + 1), True)
    else:
        yield Wrong("a megabyte", MEGABYTE)
    if control.kind == "textarea":
        asked = control.attributes.get("data-kind") == "json"
        yield from (replace(each, surely=asked) for each in NO_JSON)
        yield from LONG


def _files() -> Iterator[Wrong]:
    yield Wrong("an empty file", lambda: SimpleUploadedFile("x.db", b""))
    yield Wrong("a path for a name", lambda: SimpleUploadedFile("../../x\u202e.db", b"\0\xff" * 2000))
    yield Wrong("no file", "not a file at all")
