"""What only the engine and SMS's database can say of a way back: whether it is open, and what it would lose.

Each question stands alone, so that one that hangs costs no other. They change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from backups import selectors
from backups.services import databases, following, log_rescues, moments, restores
from deployments.services import deploys, restarts, rollbacks
from deployments.services.ways_back import WaysBack
from deployments.strategies.choice import Strategy
from incidents.models import Incident
from smsops.errors import WrongUse
from smsops.runtimes.registry import runtime_for
from smsops.text import bytes_text


@dataclass(frozen=True)
class Found:
    """`why` it is open or not, in a sentence; `costs` in sentences; the moment the data would go `back_to`, in ISO
    form; the `backup` and the `version` that would be taken."""

    open: bool
    why: str
    costs: Sequence[str] = ()
    back_to: str = ""
    backup: int = 0
    version: str = ""


ROWS = "rows"  # the question that is no way: how many rows there are now
Question = Callable[[], dict[str, Any]]


def questions(incident: Incident) -> dict[str, Question]:
    """By the key of the way; and under `ROWS` the rows the live database has."""
    asked: dict[str, Callable[[], Found]] = {
        "restart": partial(_restart, incident),
        "rollback_code": partial(_rollback, incident, Strategy.CODE),
        "rollback_schema": partial(_rollback, incident, Strategy.SCHEMA),
        "rollback_data": partial(_rollback, incident, Strategy.RESTORE),
        "restore": partial(_restore, incident),
        "restore_to": partial(_moment, incident),
    }
    return {ROWS: partial(_rows, incident), **{key: partial(_answer, ask) for key, ask in asked.items()}}


def _answer(ask: Callable[[], Found]) -> dict[str, Any]:
    """What is refused is closed, with the sentence of the refusal; what cannot be asked is raised."""
    try:
        return asdict(ask())
    except WrongUse as error:
        return asdict(Found(False, error.message))


def _rows(incident: Incident) -> dict[str, Any]:
    database = databases.of(incident.environment, runtime_for(incident.environment))
    return dict(database.row_counts()) if database.exists() else {}


def _restart(incident: Incident) -> Found:
    running = restarts.installed(incident.environment)
    return Found(True, f"The same instance ({running.version or 'release unknown'}) is stopped and started.")


def _rollback(incident: Incident, strategy: Strategy) -> Found:
    release = rollbacks.target(incident.environment)
    known = WaysBack(incident.environment, release)
    deploys.refuse(release, known.running)
    way = known.way(strategy)
    gone = known.backup.taken_at if strategy == Strategy.RESTORE and known.backup is not None else None
    costs = way.costs[1:] if gone else way.costs  # from when on it is lost is said by `back_to`
    return Found(way.open, f"To {release.version}. {way.why}", costs, _iso(gone), version=release.version)


def _restore(incident: Incident) -> Found:
    backup = selectors.latest_good(incident.environment)
    if backup is None:
        return Found(False, "There is no good backup yet.")
    restores.plan(backup)
    late = backup.taken_at >= incident.began
    said = " It is from after the trouble began: what is wrong may be in it." if late else ""
    why = f"{backup.identifier}, {bytes_text(backup.size)}, {backup.get_proof_display().lower()}.{said}"
    return Found(True, why, (), _iso(backup.taken_at), backup.pk)


def _moment(incident: Incident) -> Found:
    environment, moment = incident.environment, incident.moment_before
    if following.of(environment) is None and not log_rescues.reachable(environment):
        return Found(False, "The log of this environment is not followed, so only backups can be gone back to.")
    moments.plan(environment, moment)
    return Found(True, "Every commit before it is kept.", (), _iso(moment))


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
