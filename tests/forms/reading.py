"""The forms of a page, read as a browser reads them: what would be sent, and what is said beside which field."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.admin.browser import VOID

ROW = "__prefix__"  # stands for the number in the row that is not there yet
OF_DJANGO = ("-TOTAL_FORMS", "-INITIAL_FORMS", "-MIN_NUM_FORMS", "-MAX_NUM_FORMS")
UNSEEN = {"csrfmiddlewaretoken", "_save", "_addanother", "_continue", "_popup", "_to_field"}


@dataclass
class Control:
    """Everything of one name in a form: one field, or the boxes that are ticked for one. `new`: of a row more."""

    name: str
    kind: str
    attributes: dict[str, str]
    options: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    described: list[str] = field(default_factory=list)  # ids of what is said of it
    invalid: bool = False
    new: bool = False

    @property
    def required(self) -> bool:
        return "required" in self.attributes

    @property
    def most(self) -> int | None:
        """So many characters at most, as far as the page says."""
        found = self.attributes.get("maxlength", "")
        return int(found) if found.isdecimal() else None

    @property
    def typed(self) -> bool:
        """Whether a person writes into it, and reads it again when the form comes back."""
        return self.kind not in (
            "select",
            "select-multiple",
            "radio",
            "checkbox",
            "file",
            "password",
            "hidden",
            "button",
        )


@dataclass
class Form:
    """One form of a page. `errors` are the sentences by the id of their list."""

    action: str
    method: str
    number: str
    controls: dict[str, Control] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)  # what is said of no field

    def data(self) -> dict[str, list[str]]:
        """What a browser would send, were it sent as it is, by its first button."""
        names = [each for each in self.controls.values() if each.kind not in ("file", "button")]
        return {each.name: list(each.values) for each in names if each.values}

    def said(self, name: str) -> str:
        """What is said beside the field, tied to it for who does not see it; else nothing."""
        control = self.controls[name]
        told = [self.errors[each] for each in control.described if each in self.errors]
        return " ".join(told) if control.invalid or control.kind in ("checkbox", "radio") else ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._choosing: Control | None = None
        self._writing: Control | None = None
        self._saying: tuple[str, list[str]] | None = None

    @property
    def form(self) -> Form | None:
        return self.forms[-1] if any(tag == "form" for tag, _ in self._open) else None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower(), given.get("id", "")))
        if tag not in VOID:
            self._open.append((tag, given))
        if self.form is None:
            return
        if tag in ("input", "select", "textarea", "button") and given.get("name") and "disabled" not in given:
            self._control(tag, given)
        elif tag == "option" and self._choosing is not None:
            self._choosing.options.append(given.get("value", ""))
            if "selected" in given:
                self._choosing.values.append(given.get("value", ""))
        elif tag == "ul" and "errorlist" in given.get("class", "").split():
            self._saying = (given.get("id", ""), [])

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        assert self.form is not None
        kind = given.get("type", "text").lower() if tag == "input" else tag
        if tag == "button" or kind in ("submit", "image", "reset"):
            kind = "button"
        if "hidden" in given.get("class", "").split():  # for the browser's memory of passwords
            kind = "hidden"
        if tag == "select" and "multiple" in given:
            kind = "select-multiple"
        found = self.form.controls.setdefault(given["name"], Control(given["name"], kind, given))
        around = [words.get("aria-describedby", "") for _, words in self._open]
        found.described += " ".join([*around, given.get("aria-describedby", "")]).split()
        found.invalid |= any(words.get("aria-invalid") == "true" for words in (given, *(w for _, w in self._open)))
        if kind in ("checkbox", "radio"):
            found.options.append(given.get("value", "on"))
            found.values += [given.get("value", "on")] if "checked" in given else []
        elif tag == "select":
            self._choosing = found
        elif tag == "textarea":
            self._writing, found.values = found, [""]
        elif kind == "button":
            found.options.append(given.get("value", ""))
        else:
            found.values = [given.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._choosing is not None:
            self._chosen(self._choosing)
        elif tag == "textarea" and self._writing is not None:
            self._writing.values = [re.sub(r"\A\r?\n", "", self._writing.values[0])]
            self._writing = None
        elif tag == "ul" and self._saying is not None:
            self._said(*self._saying)
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def _chosen(self, control: Control) -> None:
        if control.kind == "select" and not control.values and control.options:
            control.values = [control.options[0]]
        self._choosing = None

    def _said(self, number: str, pieces: list[str]) -> None:
        form, words = self.form, " ".join("".join(pieces).split())
        self._saying = None
        if form is not None and words:
            form.errors |= {number: words} if number else {}
            form.loose += [] if number else [words]

    def handle_data(self, data: str) -> None:
        if self._writing is not None:
            self._writing.values[0] += data
        if self._saying is not None:
            self._saying[1].append(data)


def forms_of(html: str) -> list[Form]:
    """Every form of a page that is about something; each list of rows gets one row more, as its button gives it."""
    reader = _Reader()
    reader.feed(html)
    found = [each for each in reader.forms if each.number not in ("logout-form", "changelist-form")]
    for form in found:
        _grow(form)
    return found


def _grow(form: Form) -> None:
    """Put the row that is added by a script there, in place of its pattern."""
    patterns = [name for name in form.controls if ROW in name]
    for prefix in {name.partition(f"-{ROW}")[0].removeprefix("initial-") for name in patterns}:
        total = form.controls[f"{prefix}-TOTAL_FORMS"]
        number = total.values[0] if total.values[0].isdecimal() else "0"  # somebody has sent rubbish in its place
        full = number == form.controls[f"{prefix}-MAX_NUM_FORMS"].values[0]  # then the page has no button for one more
        total.values = [number if full else str(int(number) + 1)]
        for name in [each for each in patterns if each.removeprefix("initial-").startswith(f"{prefix}-{ROW}")]:
            control = form.controls.pop(name)
            if full:
                continue
            control.name, control.new = name.replace(ROW, number), True
            form.controls[control.name] = control
    for name in [each for each in form.controls if each in UNSEEN]:
        del form.controls[name]
