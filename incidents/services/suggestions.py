"""Which playbook fits an incident, and why: its signature against the evidence, signs, facts and exit codes (I8)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from incidents.expressions import searching
from incidents.models import Evidence, Incident, PlaybookVersion
from incidents.services import evidence, playbooks
from smsops.errors import OpsError

ENOUGH = 2  # points from which on a playbook is suggested
SIGNS = 30  # newest signs that are looked at
LONGEST = 200_000  # characters of a text
FILES = {"log": "log.txt", "health": "health.txt", "inspect": "inspect.json", "events": "events.txt"}
PLACES = (*FILES, "signs", "fact", "exit", "oom", "issue")


@dataclass(frozen=True)
class Suggestion:
    """A playbook, with the reasons why it fits; of what could not be searched for, a sentence each."""

    version: PlaybookVersion
    points: int
    reasons: tuple[str, ...]
    unread: tuple[str, ...] = ()


def of(incident: Incident) -> list[Suggestion]:
    """Those that fit, the best first. The number of queries does not grow with the incident."""
    return fitting(judged(incident))


def fitting(found: Iterable[Suggestion]) -> list[Suggestion]:
    """Those of them that fit, the best first."""
    return sorted((each for each in found if each.points >= ENOUGH), key=lambda each: -each.points)


def guess(incident: Incident) -> str:
    """What it looks like, in a sentence; empty where nothing is recognised."""
    best = next(iter(of(incident)), None)
    if best is None:
        return ""
    return f"It looks like “{best.version.playbook.title}”: {'; '.join(best.reasons[:3])}."


def judged(incident: Incident) -> list[Suggestion]:
    """How well each playbook fits what is known; bounded in time, whatever its patterns are."""
    known = playbooks.newest()
    if not known:
        return []
    texts = {place: text.splitlines() for place, text in gathered(incident).items()}
    rules = {f"{version.pk} {number}": rule for version in known for number, rule in enumerate(version.signature)}
    asked = {key: (str(rule["pattern"]), str(rule["in"])) for key, rule in rules.items() if rule["in"] in texts}
    found = searching.glance(asked, texts)
    return [_judged(version, found, texts) for version in known]


def _judged(version: PlaybookVersion, found: searching.Found, texts: dict[str, list[str]]) -> Suggestion:
    points, reasons, unread = 0, [], []
    for number, rule in enumerate(version.signature):
        seen = found.get(f"{version.pk} {number}", [])
        if isinstance(seen, str):
            unread.append(f"“{rule['pattern']}” of “{version.playbook.title}” was not looked for: {seen}")
        elif seen:
            points += int(rule.get("points", 1))
            quoted = _quoted(str(rule["pattern"]), texts[str(rule["in"])][seen[0]])
            reasons.append(f"{rule.get('why') or rule['in']} (“{quoted[:80]}”)")
    return Suggestion(version, points, tuple(reasons), tuple(unread))


def _quoted(pattern: str, line: str) -> str:
    """What it is of a line it was found in; searching that line again takes no longer than it did."""
    found = re.search(pattern, line[: searching.LINE])
    return (found[0].strip() if found else "") or line.strip()


def gathered(incident: Incident) -> dict[str, str]:
    """What is known of it, by the place a signature may look at."""
    texts = dict.fromkeys(PLACES, "")
    for place, piece in _newest(incident).items():
        try:
            texts[place] = evidence.read(piece).decode("utf-8", "replace")[-LONGEST:]
        except OpsError:
            continue  # a piece that is gone or changed says nothing; the page names it
    signs = incident.timeline.filter(kind="sign").order_by("-at", "-pk").values_list("text", flat=True)[:SIGNS]
    texts["signs"] = "\n".join([incident.title, *signs])
    texts["fact"] = "\n".join(incident.facts.values_list("kind", flat=True))
    texts["issue"] = incident.issue
    return texts | _ending(texts)


def _newest(incident: Incident) -> dict[str, Evidence]:
    """The piece of each place, of the last time it was taken: what broke SMS now tells more than what did before."""
    pieces = list(incident.evidence.order_by("time"))
    return {place: piece for place, name in FILES.items() for piece in pieces if piece.called(name)}


def _ending(texts: dict[str, str]) -> dict[str, str]:
    """Exit codes, and whether memory ran out, from what the engine said."""
    codes = [match[1] for match in re.finditer(r"(?m) die (\d+)$", texts["events"])]
    oom = " oom" in texts["events"]
    try:
        state: Any = json.loads(texts["inspect"] or "{}")
    except ValueError:
        state = {}
    inner = state.get("State") or state.get("state") or {} if isinstance(state, dict) else {}
    if isinstance(inner, dict):
        code = inner.get("ExitCode", inner.get("exit_code"))
        codes += [str(code)] if code else []
        oom = oom or bool(inner.get("OOMKilled") or inner.get("oom_killed"))
    return {"exit": "\n".join(unique(codes)), "oom": "yes" if oom else ""}


def unique(found: Iterable[str]) -> list[str]:
    """Each once, in their order."""
    return list(dict.fromkeys(found))
