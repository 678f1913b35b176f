"""Which playbook fits an incident, and why: its signature against the evidence, signs, facts and exit codes (I8)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from incidents.models import Incident, PlaybookVersion
from incidents.services import evidence, playbooks
from smsops.errors import OpsError

ENOUGH = 2  # points from which on a playbook is suggested
SIGNS = 30  # newest signs that are looked at
LONGEST, LINE = 200_000, 2_000  # characters of a text, and of one of its lines
FILES = {"log": "log.txt", "health": "health.txt", "inspect": "inspect.json", "events": "events.txt"}
PLACES = (*FILES, "signs", "fact", "exit", "oom", "issue")


@dataclass(frozen=True)
class Suggestion:
    """A playbook that fits, with its reasons."""

    version: PlaybookVersion
    points: int
    reasons: tuple[str, ...]


def of(incident: Incident) -> list[Suggestion]:
    """Those that fit, the best first. The number of queries does not grow with the incident."""
    known = playbooks.newest()
    if not known:
        return []
    texts = gathered(incident)
    found = [judged(version, texts) for version in known]
    fitting = [each for each in found if each.points >= ENOUGH]
    return sorted(fitting, key=lambda each: -each.points)


def guess(incident: Incident) -> str:
    """What it looks like, in a sentence; empty where nothing is recognised."""
    best = next(iter(of(incident)), None)
    if best is None:
        return ""
    return f"It looks like “{best.version.playbook.title}”: {'; '.join(best.reasons[:3])}."


def judged(version: PlaybookVersion, texts: dict[str, str]) -> Suggestion:
    """How well a playbook fits what is known."""
    points, reasons = 0, []
    for rule in version.signature:
        found = _found(str(rule["pattern"]), texts.get(str(rule["in"]), ""))
        if found:
            points += int(rule.get("points", 1))
            reasons.append(f"{rule.get('why') or rule['in']} (“{found[:80]}”)")
    return Suggestion(version, points, tuple(reasons))


def _found(pattern: str, text: str) -> str:
    try:
        wanted = re.compile(pattern)
    except re.error:
        return ""
    for line in text.splitlines():
        if found := wanted.search(line[:LINE]):
            return found[0].strip() or line.strip()[:80]
    return ""


def gathered(incident: Incident) -> dict[str, str]:
    """What is known of it, by the place a signature may look at."""
    texts = dict.fromkeys(PLACES, "")
    names = {name: place for place, name in FILES.items()}
    for piece in incident.evidence.filter(name__in=names):
        try:
            texts[names[piece.name]] = evidence.read(piece).decode("utf-8", "replace")[-LONGEST:]
        except OpsError:
            continue  # a piece that is gone or changed says nothing; the page names it
    signs = incident.timeline.filter(kind="sign").order_by("-at", "-pk").values_list("text", flat=True)[:SIGNS]
    texts["signs"] = "\n".join([incident.title, *signs])
    texts["fact"] = "\n".join(incident.facts.values_list("kind", flat=True))
    texts["issue"] = incident.issue
    return texts | _ending(texts)


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
