"""A form is sent with wrong values, again and again, and what comes back is looked at as a person would.

Whatever a value does is undone at once, so that each is tried on the same rows. All fields of a form get a wrong value
in the same request; those that are refused are then put right again, until the form is taken: so every value that a
field alone does not refuse gets as far as it can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.admin.browser import everything
from tests.forms import wrong
from tests.forms.around import counted, sparing, undone
from tests.forms.reading import OF_DJANGO, Control, Form, forms_of
from tests.forms.rightly import ELSEWHERE, NEVER_SHOWN
from tests.forms.wrong import Wrong

SHARED = ("reason", "typed_name", "at_once")  # of all buttons
SHORT = ("empty", "nul", "too long", "no utf-8", "letters", "no choice", "no such day", "huge", "left empty", "null")
PLAIN = re.compile(r"Error\b|Exception|Traceback|<class|object at 0x|__\w+__|\bdict\b|\bNoneType\b|constraint|\{'|\['")
ROUNDS = 6  # that putting right may take

Data = dict[str, Any]


@dataclass
class Answer:
    """What came back: a form with what is wrong, or none."""

    status: int
    form: Form | None
    to: str
    wrote: bool
    text: str = ""

    @property
    def refused(self) -> set[str]:
        """The fields beside which something is said."""
        return {name for name in self.form.controls if self.form.said(name)} if self.form is not None else set()

    @property
    def taken(self) -> bool:
        return self.status < 400 and not (self.form is not None and (self.form.errors or self.form.loose))


@dataclass
class Trial:
    """One form at an address. `right` is what makes it acceptable, where what is in it already does not."""

    client: Client
    address: str
    place: int = 0  # of the form on its page
    right: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()  # pages that have to stand whatever was taken
    short: bool = True
    left_out: frozenset[str] = frozenset()  # fields that get no wrong value
    known: frozenset[str] = frozenset()  # fields that are tried with every value in another form: here with a few
    found: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """What is wrong with the form; nothing when it is well."""
        with sparing():
            self._run()
        return self.found

    def _run(self) -> None:
        self.form = posted(self.client.get(self.address).content.decode())[self.place]
        self.base = {name: filled(each) for name, each in self.form.controls.items() if each.kind != "button"}
        self.base = {name: value for name, value in self.base.items() if value is not None} | dict(self.right)
        if not self._all_right():
            return
        values = {name: self._values(each) for name, each in self.form.controls.items() if name not in self.left_out}
        counts = {name for name in values if name.endswith(OF_DJANGO)}  # where they are wrong, no row of theirs is read
        self._rounds({name: each for name, each in values.items() if name not in counts})
        self._rounds({name: each for name, each in values.items() if name in counts})

    def _rounds(self, values: dict[str, tuple[Wrong, ...]]) -> None:
        for number in range(max(map(len, values.values()), default=0)):
            self._round({name: each[number] for name, each in values.items() if number < len(each)})

    def _values(self, control: Control) -> tuple[Wrong, ...]:
        found = wrong.of(control)
        few = (self.short and control.name in SHARED) or control.name in self.known
        return tuple(each for each in found if each.what in SHORT) if few else found

    def _all_right(self) -> bool:
        """Whether it is taken as it should be; else there is nothing to learn from what is refused."""
        with undone(self.client):
            answer = self._send(self.base)
        if not answer.taken:
            self._note("as it should be", f"is refused: {answer.status} {told(answer)} {answer.text}")
        return answer.taken

    def _round(self, tried: dict[str, Wrong]) -> None:
        """Send these; then again without those that are refused, until it is taken."""
        left = dict(tried)
        for _ in range(ROUNDS):
            answer = self._try(left)
            gone = {name for name in answer.refused if name in left}
            if answer.taken or not left or answer.status >= 500:
                break
            if not gone:
                self._one_by_one(left)
                break
            left = {name: each for name, each in left.items() if name not in gone}
        if answer.taken:
            self._all_of(left)

    def _try(self, left: dict[str, Wrong]) -> Answer:
        """Send these, look at what comes back, and undo what came of it."""
        with undone(self.client):
            answer = self._send(self.base | {name: valued(each) for name, each in left.items()})
            self._look(left, answer)
            if answer.taken:
                self._stands(left, answer)
            after = everything() if answer.wrote and not answer.taken and answer.status < 500 else None
        if after is not None and after != everything():
            self._note(words(left), "is refused, and something is written")
        return answer

    def _all_of(self, left: dict[str, Wrong]) -> None:
        for name, each in left.items():
            if each.surely and self.form.controls[name].kind not in ("hidden", "button"):
                self._note(name, f"takes “{each.what}”")

    def _one_by_one(self, left: dict[str, Wrong]) -> None:
        """Nothing is said beside a field, and it is not taken: whose fault is it?"""
        for name, each in left.items():
            answer = self._try({name: each})
            beside = {name, ELSEWHERE.get(name, name)} & answer.refused
            told_beside = answer.taken or beside or self.form.controls[name].kind == "hidden"
            if not told_beside and answer.status < 500:
                self._note(name, f"“{each.what}” is refused, not beside it: {answer.status} {told(answer)}")

    def _look(self, left: dict[str, Wrong], answer: Answer) -> None:
        if answer.status >= 500:
            self._note(words(left), f"crashed: {answer.text}")
            return
        if answer.form is None:
            return
        for said in (*answer.form.errors.values(), *answer.form.loose):
            if PLAIN.search(own_words(said, left)) or len(re.sub(r"9{50,}", "9", said)) > 400:
                self._note(words(left), f"is told in no plain words: {said[:300]}")
        tied = " ".join(answer.form.said(name) for name in answer.form.controls)
        for number, said in answer.form.errors.items():
            if said not in tied:
                self._note(number, f"is not tied to its field: {said}")
        self._kept(left, answer.form)

    def _kept(self, left: dict[str, Wrong], form: Form) -> None:
        """What was typed is still there."""
        counted = not any(name.endswith(OF_DJANGO) for name in left)
        for name, control in form.controls.items():
            if control.new and not (counted and name in self.base):
                continue  # of a row that was not sent, or could not be known as one
            sent = left[name].value if name in left else self.base.get(name, "")
            if (
                not control.typed
                or name in self.right
                or name in NEVER_SHOWN
                or not isinstance(sent, str)
                or "\x00" in sent
            ):
                continue
            if shape(control.values[0]) != shape(sent) and not (name in left and "json" in left[name].what):
                self._note(name, f"is not kept: {sent[:60]!r} became {control.values[0][:60]!r}")

    def _stands(self, left: dict[str, Wrong], answer: Answer) -> None:
        """Whatever was taken, the pages about it can be opened."""
        for where in dict.fromkeys(filter(None, (answer.to, *self.after))):
            try:
                status = self.client.get(where, follow=True).status_code
            except Exception as error:
                self._note(words(left), f"is taken, and then {where} crashes: {error!r}"[:600])
                return
            assert status < 500, where

    def _send(self, data: Data) -> Answer:
        with counted() as written:
            try:
                answer = self._post({name: value for name, value in data.items() if value is not None})
            except Exception as error:
                return Answer(500, None, "", bool(written), repr(error)[:500])
        html = b"" if answer.streaming else answer.content
        forms = posted(html.decode(errors="replace")) if answer.status_code < 400 or answer.status_code == 409 else []
        to = answer.headers.get("Location", "") if answer.status_code == 302 else ""
        form = forms[self.place] if len(forms) > self.place else None
        return Answer(answer.status_code, form, to, bool(written))

    def _post(self, data: Data) -> Any:
        """As a browser sends it; what is no text can only be sent as the signs that it is."""
        files = [value for value in data.values() if isinstance(value, SimpleUploadedFile)]
        for file in files:
            file.seek(0)  # it was read when it was sent before
        if files or not any(isinstance(value, bytes) for value in data.values()):
            sent = {name: [value] if isinstance(value, bytes) else value for name, value in data.items()}
            return self.client.post(self.address, sent)
        body = urlencode([(name, each) for name, value in data.items() for each in listed(value)])
        return self.client.post(self.address, body, content_type="application/x-www-form-urlencoded")

    def _note(self, what: str, said: str) -> None:
        line = f"{what} {said}"
        if line not in self.found:
            self.found.append(line)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str | bytes | int) else []


def own_words(said: str, left: Mapping[str, Wrong]) -> str:
    """The sentence without what was typed: it may be quoted in it."""
    for each in left.values():
        for quoted in quotable(each.value) if isinstance(each.value, str) else ():
            said = said.replace(quoted, "…")
    return said


@cache  # a megabyte is read through once
def quotable(value: str) -> tuple[str, ...]:
    """What a sentence may quote of a value: all of it, or a word that would not be plain."""
    typed = " ".join(value.split())
    return tuple(each for each in (typed, *filter(PLAIN.search, typed.split())) if len(each) > 2)


def words(left: Mapping[str, Wrong]) -> str:
    return ", ".join(f"{name}: {each.what}" for name, each in left.items())


def told(answer: Answer) -> str:
    form = answer.form
    return f"{dict(form.errors)} {form.loose}" if form is not None else "no form"


def posted(html: str) -> list[Form]:
    """The forms of a page that change something, and have something to be typed or chosen."""
    return [each for each in forms_of(html) if each.method == "post" and each.controls]


def shape(text: str) -> str:
    """Text as it is compared: a browser sends and shows line ends in its own way."""
    return re.sub(r"[\r\n]+", "\n", text).strip()


def valued(tried: Wrong) -> Any:
    return tried.value() if callable(tried.value) else tried.value


def filled(control: Control) -> Any:
    """What stands in the field; where it must not be empty and is, something likely."""
    if control.kind == "file":
        return SimpleUploadedFile("x.txt", b"words") if control.required else None
    many = control.kind in ("select-multiple", "checkbox")
    if any(control.values) or not (control.required or (control.new and not many)):
        return (control.values or None) if many else (control.values[0] if control.values else None)
    options = [each for each in control.options if each]
    if options:
        return options[0]
    likely = {"number": control.attributes.get("min") or "1", "date": "2026-02-03", "time": "10:00",
              "datetime-local": "2026-02-03T10:00", "email": "maria@school.example"}  # fmt: skip
    return None if control.kind == "select" else likely.get(control.kind, "words")
