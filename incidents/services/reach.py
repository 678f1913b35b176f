"""Whom a policy would page and when, if trouble began now and nobody answered, in sentences (I5)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from incidents.models import Condition, FactKind, Rota, Team
from incidents.services import decisions, directory, severities
from incidents.services.decisions import Paged, View
from incidents.services.recipients import Reached, Recipient
from smsops.text import count_text

HORIZON = timedelta(hours=3)  # beyond that only reminders go on
Level = dict[str, Any]


def plan(frozen: dict[str, Any], severity: str, now: datetime, zone: str = "UTC") -> list[str]:
    """What happens when, a line each; what only a fact brings comes last."""
    policy, lines = deepcopy(frozen), []
    view = View(policy, now, {}, {}, zone=zone, response=severities.response(severity))
    at: datetime | None = now
    while at is not None and at <= now + HORIZON:
        decision = decisions.decide(view, at)
        for call in decision.calls:
            level = _level(policy, call.position)
            reached = directory.of_level(level, severity, at)
            if call.times <= 2:
                lines.append(f"{timezone.localtime(at):%H:%M} {_who(level, reached, again=call.times == 2)}")
            view = replace(view, paged={**view.paged, call.position: Paged(at, call.times, call.own)})
            if not reached.recipients and decisions.bring(policy, view.paged, call.position, at):
                decision = replace(decision, due_at=at)
        at = decision.due_at
    return [
        *lines,
        *(_on_fact(each, severity, now) for each in policy["levels"] if each["condition"] in FactKind.values),
    ]


def levels(frozen: dict[str, Any], severity: str, now: datetime) -> list[str]:
    """Whom each level would reach now, a line each, looked up together: no step of time is played through."""
    known, lines = directory.Directory(frozen["levels"]), []
    for level in sorted(frozen["levels"], key=lambda each: int(each["position"])):
        reached = known.reached(level, severity, now)
        who = ", ".join(reached.names) or f"nobody, because {'; '.join(reached.gaps) or 'it names nobody'}"
        lines.append(f"Level {level['position']}, {_when(level)}: {who}")
    return lines


def _when(level: Level) -> str:
    if level["condition"] in FactKind.values:
        return f"when {Condition(level['condition']).label[0].lower()}{Condition(level['condition']).label[1:]}"
    return f"after {level['after_minutes']} min" if level["after_minutes"] else "at once"


def sentence(lines: list[str], nag_minutes: int) -> str:
    """All of it in one."""
    if not lines:
        return "Nothing happens: the policy has no level."
    return f"{'; '.join(lines)}; and so on every {count_text(nag_minutes, 'minute')} until somebody acknowledges."


def _who(level: Level, reached: Reached, *, again: bool) -> str:
    names = [*_names(Rota, level["rotas"]), *_names(Team, level["teams"])]
    lead = f"{', '.join(names)}: " if names else ""
    if not reached.recipients:
        return f"{lead}nobody, because {'; '.join(reached.gaps) or 'it names nobody'}"
    if again:
        return f"{lead}{', '.join(reached.names)} again"
    people = {name: [each for each in reached.recipients if _name(each) == name] for name in reached.names}
    return lead + ", ".join(f"{name}{_ways(ways)}" for name, ways in people.items())


def _ways(ways: list[Recipient]) -> str:
    said = []
    for each in ways:
        later = f" after {each.after.total_seconds() / 60:.0f} min" if each.after else ""
        if each.channel is None:
            said.append(f"{each.contact.way_label if each.contact else 'e-mail'}{later}")
    return f" by {' and '.join(said)}" if said else ""


def _on_fact(level: Level, severity: str, now: datetime) -> str:
    what = Condition(level["condition"]).label
    later = f" {count_text(level['after_minutes'], 'minute')} later" if level["after_minutes"] else ""
    return (
        f"when {what[0].lower()}{what[1:]}{later} {_who(level, directory.of_level(level, severity, now), again=False)}"
    )


def _name(recipient: Recipient) -> str:
    return recipient.user.get_username() if recipient.user is not None else str(recipient.channel)


def _names(model: type[Rota] | type[Team], numbers: list[int]) -> list[str]:
    return list(model._default_manager.filter(pk__in=numbers).values_list("name", flat=True))


def _level(policy: dict[str, Any], position: int) -> Level:
    return next(each for each in policy["levels"] if each["position"] == position)
