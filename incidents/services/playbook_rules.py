"""What a playbook may say: every mistake a sentence, before it is kept (docs/playbooks.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from incidents.diagnoses import base as diagnoses
from incidents.expressions import searching
from incidents.responses.known import RESPONSES
from incidents.services.suggestions import PLACES

LONGEST, MOST = 300, 40  # characters of a pattern; entries of a list


def mistakes(said: dict[str, Any]) -> dict[str, list[str]]:
    """By field, what is wrong with it; nothing where all is well."""
    judges = {"signature": _rule, "diagnosis": _step, "responses": _response}
    found: dict[str, list[str]] = {}
    for name, judge in judges.items():
        entries = said.get(name)
        if not isinstance(entries, list) or len(entries) > MOST:
            found[name] = [f"It is a list of at most {MOST} entries."]
            continue
        wrong = [f"Entry {number}: {text}" for number, entry in enumerate(entries, 1) for text in _judged(entry, judge)]
        if wrong:
            found[name] = wrong
    return found


def _judged(entry: Any, judge: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield 'it is not like {"do": "…"}.'
        return
    yield from judge(entry)


def _rule(entry: dict[str, Any]) -> Iterator[str]:
    if str(entry.get("in")) not in PLACES:
        yield f"“in” is one of {', '.join(PLACES)}."
    yield from _pattern(entry)
    points = entry.get("points", 1)
    if not isinstance(points, int) or isinstance(points, bool) or not 1 <= points <= 10:
        yield "“points” is a number from 1 to 10."


def _step(entry: dict[str, Any]) -> Iterator[str]:
    found = diagnoses.known().get(str(entry.get("do")))
    if found is None:
        yield f"“do” is one of {', '.join(sorted(diagnoses.known()))}."
        return
    for name in found.wants:
        if not entry.get(name):
            yield f"“{found.key}” wants “{name}”."
    if "pattern" in entry:
        yield from _pattern(entry)
    helps = entry.get("helps", [])
    if not isinstance(helps, list) or set(map(str, helps)) - set(RESPONSES):
        yield f"“helps” is a list of {', '.join(RESPONSES)}."


def _response(entry: dict[str, Any]) -> Iterator[str]:
    if str(entry.get("do")) not in RESPONSES:
        yield f"“do” is one of {', '.join(RESPONSES)}."
    memory = entry.get("memory_mb")
    if memory is not None and (not isinstance(memory, int) or isinstance(memory, bool) or memory < 64):
        yield "“memory_mb” is a number from 64 on."


def _pattern(entry: dict[str, Any]) -> Iterator[str]:
    pattern = entry.get("pattern")
    if not isinstance(pattern, str) or not 0 < len(pattern) <= LONGEST:
        yield f"“pattern” is a text of at most {LONGEST} characters."
        return
    if wrong := searching.complaint(pattern):
        yield f"“pattern”: {wrong}"
