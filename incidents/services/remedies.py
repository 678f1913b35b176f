"""What was done about incidents, and how often it worked here (I14): by facts, never by a click.

A run that is a response and that began while an incident of its environment was live belongs to that incident. It
worked when it succeeded, nothing else was done after it, and the incident was over soon.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from incidents import fingerprints
from incidents.clock import taken
from incidents.clock.history import History
from incidents.models import LIVE, ActKind, EntryKind, Incident, PlaybookAct
from incidents.responses.known import of_run
from incidents.services import incidents, playbooks, suggestions
from smsops.models import Environment, Run, RunState
from smsops.runs.history import Estimate, spread
from smsops.text import count_text

SOON = timedelta(minutes=15)
LOOKED_BACK = 200  # responses of the same playbook or fingerprint that are counted


@dataclass(frozen=True)
class Record:
    """How a response has done here: how often it was tried, how often it worked, and how long that took."""

    tried: int
    worked: int
    taken: Estimate | None

    @property
    def text(self) -> str:
        """`worked 2 of 3 times, half within 42 s`."""
        if not self.tried:
            return "not tried here yet"
        half = f", half within {self.taken.half:.0f} s" if self.taken is not None else ""
        return f"worked {self.worked} of {count_text(self.tried, 'time')} here{half}"


NEVER = Record(0, 0, None)


def note(run: Run) -> None:
    """Write a response that has ended onto the incidents it was for; again changes nothing."""
    response = of_run(run)
    if response is None or run.started_at is None:
        return
    history = History(run.environment)
    for incident in _meant(run):
        version = playbooks.used(incident) or next((each.version for each in suggestions.of(incident)), None)
        _, new = PlaybookAct.objects.get_or_create(
            incident=incident, run=run, kind=ActKind.RESPONSE, title=response.title,
            defaults={"version": version, "key": response.key, "verdict": run.state, "text": run.headline,
                      "at": run.started_at},
        )  # fmt: skip
        if new:
            said = f"Response “{response.title}”, {run.get_state_display().lower()}: {run.headline}"
            stood = taken.against_the_clock(incident, taken.of(run, history))
            incidents.note(incident, EntryKind.ACTION, f"{said} {stood}".strip(), author=run.actor_name, run=run)


def _meant(run: Run) -> Iterable[Incident]:
    """Incidents that were live when it began; not the one it caused itself."""
    found = Incident.objects.filter(environment=run.environment, detected_at__lte=run.started_at)
    found = found.exclude(fingerprint=fingerprints.RUN.of(run.pk))
    return [each for each in found.order_by("-detected_at")[:20] if _lived(each, run)]


def _lived(incident: Incident, run: Run) -> bool:
    assert run.started_at is not None
    return incident.state in LIVE or (incident.resolved_at is not None and incident.resolved_at >= run.started_at)


def records(environment: Environment, playbook_id: int | None, fingerprint: str) -> dict[str, Record]:
    """By response: how it did in incidents of this fingerprint, or of this playbook. Drills do not count."""
    acts = PlaybookAct.objects.filter(kind=ActKind.RESPONSE, incident__environment=environment, incident__drill=False)
    same = acts.filter(incident__fingerprint=fingerprint)
    if playbook_id is not None:
        same |= acts.filter(version__playbook=playbook_id)
    by_incident: dict[int, list[PlaybookAct]] = defaultdict(list)
    for act in same.select_related("incident", "run").order_by("-at")[:LOOKED_BACK]:
        by_incident[act.incident_id].append(act)
    tried: dict[str, list[float | None]] = defaultdict(list)
    for found in by_incident.values():
        last = max(found, key=lambda act: act.at)
        for act in found:
            tried[act.key].append(_seconds(act) if act is last else None)
    return {key: _record(times) for key, times in tried.items()}


def _record(times: list[float | None]) -> Record:
    worked = [each for each in times if each is not None]
    return Record(len(times), len(worked), spread(worked))


def _seconds(act: PlaybookAct) -> float | None:
    """From its beginning until the incident was over; None where it did not end it."""
    over, run = act.incident.resolved_at, act.run
    if act.verdict != RunState.SUCCEEDED or over is None or run is None or run.finished_at is None:
        return None
    return None if over - run.finished_at > SOON else max(0.0, (over - act.at).total_seconds())
