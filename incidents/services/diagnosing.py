"""Running the diagnosis of a playbook on an incident; every step is recorded with what it saw (I8)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from incidents.diagnoses.base import Case, Seen, Verdict, get
from incidents.models import ActKind, EntryKind, Incident, PlaybookAct, PlaybookVersion
from incidents.services import incidents, playbooks, suggestions
from smsops.environments.secrets import known_secrets
from smsops.errors import OpsError, WrongUse
from smsops.models import ACTIVE, Run
from smsops.redact import redact
from smsops.runs.plan import By, Plan, PlannedStep, submit

log = logging.getLogger(__name__)

KIND = "diagnosis"


def version_for(incident: Incident, key: str = "") -> PlaybookVersion:
    """The version to work with: that of the named playbook, the one used before, or the one that fits best."""
    if key:
        return playbooks.find(key)
    found = playbooks.used(incident) or next((each.version for each in suggestions.of(incident)), None)
    if found is None:
        raise WrongUse("No playbook fits this incident; name one.", fix="“ops playbooks” lists them.")
    return found


def plan(incident: Incident, key: str = "") -> Plan:
    """What diagnosing would do. WrongUse where no playbook fits, or while it goes on already."""
    version = version_for(incident, key)
    known = Run.objects.filter(kind=KIND, params__incident=incident.pk, state__in=ACTIVE)
    if other := known.first():
        raise WrongUse(f"“{other.title}” (run {other.pk}) is under way already.")
    steps = [str(each.get("title") or get(str(each["do"])).title) for each in version.diagnosis]
    return Plan(
        kind=KIND,
        title=f"Diagnose incident {incident.pk}" + ("" if incident.private else f": {version.playbook.title}"),
        environment=incident.environment,
        steps=(PlannedStep("playbook.diagnose"),),
        params={"incident": incident.pk, "version": version.pk},
        exclusive=False,
        notes=("Nothing is changed; SMS goes on as it is.", f"Looked at: {'; '.join(steps)}."),
    )


def start(incident: Incident, by: By, key: str = "") -> Run:
    """Queue it."""
    return submit(plan(incident, key), by)


def steps_of(version: PlaybookVersion) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The steps of its diagnosis: key, title, parameters; titles are unique."""
    seen: dict[str, int] = {}
    for each in version.diagnosis:
        key = str(each["do"])
        title = str(each.get("title") or get(key).title)[:190]
        seen[title] = seen.get(title, 0) + 1
        yield key, title if seen[title] == 1 else f"{title} ({seen[title]})", each


def look(case: Case, key: str, params: Mapping[str, Any]) -> Seen:
    """One step, its answer redacted; whatever goes wrong in it is what was seen."""
    try:
        seen = get(key).look(case, params)
        return replace(seen, text=redact(seen.text, known_secrets(case.environment)))
    except OpsError as error:
        return Seen(Verdict.UNKNOWN, str(error))
    except Exception as error:
        log.exception("diagnosis %s", key)
        return Seen(Verdict.UNKNOWN, f"smsops did not expect this: {type(error).__name__}.")


def record(incident: Incident, version: PlaybookVersion, key: str, title: str, seen: Seen, run: Run | None) -> None:
    """Write down what a step saw, once per run; a cause is on the timeline as well."""
    row = {"incident": incident, "run": run, "kind": ActKind.DIAGNOSIS}
    values = {"version": version, "key": key, "verdict": seen.verdict, "text": seen.text}
    _, new = PlaybookAct.objects.get_or_create(**row, title=title, defaults=values)
    if new and seen.verdict == Verdict.CAUSE:
        incidents.note(incident, EntryKind.NOTE, f"Diagnosis, {title}: {seen.text}", run=run)
