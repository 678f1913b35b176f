"""If SMS broke now: which way back would be taken, how long it takes here, and what would be lost (U3, I9).

The same kinds, the same history and the same choice as on the recovery clock of an incident. But no engine is asked:
whether a way is open is told by the record, and where the record does not say it, nobody claims to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from backups.models import LogFollowing, Proof
from backups.selectors import keyring
from backups.services import logs
from deployments import selectors
from deployments.models import Release
from incidents.clock import choosing, words
from incidents.clock.choosing import Choice
from incidents.clock.history import History
from incidents.clock.known import KINDS
from incidents.clock.ways import Way
from incidents.dashboard.cards import Card
from incidents.dashboard.standings import Standing
from smsops.text import seconds_text

_FIELDS = ("environment", "version", "image_id", "heads", "revisions")


@dataclass(frozen=True)
class Line:
    """A way back in words, with the address of its page for who may take it."""

    way: Way
    chosen: bool
    lost: str
    url: str

    @property
    def title(self) -> str:
        return self.way.kind.title

    @property
    def word(self) -> str:
        """Whether it is open, and fits."""
        if self.way.open is None:
            return "not known"
        return ("fits" if self.way.fits else "too slow") if self.way.open else "shut"

    @property
    def tone(self) -> str:
        return {"fits": "pass", "too slow": "fail"}.get(self.word, "quiet")


@dataclass(frozen=True)
class Readiness:
    """`least` is what a loss of all data would cost, in a sentence; `proof` how far the backup it would begin with was
    proven; `exported` whether its key is kept elsewhere."""

    lines: list[Line]
    choice: Choice
    least: str
    proof: str
    proven: bool
    exported: bool


def of(card: Card, user: Any) -> Readiness:
    """As it is now, in five questions at the most."""
    now, environment = timezone.now(), card.environment
    history, found, ring = History(environment), _found(card, now), keyring()
    deadline = now + timedelta(minutes=environment.rto_minutes)
    every = [Way(kind, found.get(kind.key, {}), history.expected(kind), now, deadline) for kind in KINDS]
    ways = choosing.ordered(every)
    choice = choosing.choose(ways)
    lines = [_line(way, choice, user, environment) for way in ways]
    proof = environment.backup_proof or ""
    return Readiness(
        lines, choice, _least(card), str(Proof(proof).label) if proof else "",
        proof in (Proof.CHECKED, Proof.RESTORED, Proof.STARTED), bool(ring.identities()) and not ring.at_risk(),
    )  # fmt: skip


def _line(way: Way, choice: Choice, user: Any, environment: Any) -> Line:
    response = way.kind.response
    url = ""
    if way.open and user.has_perm(response.permission):
        url = reverse("admin:smsops_environment_do", args=[environment.pk, response.button])
    return Line(way, way is choice.way, words.price(way)[0] if way.open else "", url)


def _found(card: Card, now: datetime) -> dict[str, dict[str, Any]]:
    """What the record says of each way, in the form the clock keeps it."""
    environment, standing = card.environment, card.standing
    known = list(Release.objects.filter(environment=environment).only(*_FIELDS))
    running = next((each for each in known if each.version == standing.release), None)
    found = {"restart": _restart(standing), "restore": _restore(card)}
    found["rollback_code"] = _code(environment, running, known)
    found["restore_to"] = _moment(card, now)
    return found


def _restart(standing: Standing) -> dict[str, Any]:
    """What was seen last is what there is to restart; of an instance that is gone or not looked at nobody knows it."""
    if not standing.release or not standing.fresh or standing.health in ("absent", "down"):
        return {}
    return {"open": True, "why": f"The same instance ({standing.release}) is stopped and started."}


def _restore(card: Card) -> dict[str, Any]:
    at = card.standing.backup_at
    if at is None:
        return {"open": False, "why": "There is no good backup yet."}
    return {"open": True, "why": "The newest good backup is put in its place.", "back_to": at.isoformat()}


def _code(environment: Any, running: Release | None, known: list[Release]) -> dict[str, Any]:
    if running is None or not running.image_id:
        return {}
    image_id = selectors.image_before(environment, running.image_id)
    before = next((each for each in known if image_id and each.image_id == image_id), None)
    if before is None:
        return {"open": False, "why": "No release ran here before this one."}
    if not before.available:
        return {"open": False, "why": f"The image of {before.version} is not there any more."}
    heads = [head for head in running.heads.replace(" ", "").split(",") if head]
    if not heads or not before.revisions:
        return {}
    if not all(head in before.revisions for head in heads):
        return {"open": False, "why": f"{before.version} does not know the schema of {running.version}."}
    return {"open": True, "why": f"To {before.version}, which knows the schema of {running.version}."}


def _moment(card: Card, now: datetime) -> dict[str, Any]:
    row = card.following
    if row is None:
        return {"open": False, "why": "The log is not followed, so only backups can be gone back to."}
    if not row.alive or row.looked_at is None:
        return {}
    if _followed(card) is None:
        return {"open": False, "why": "No good backup was taken since the log was begun anew."}
    return {"open": True, "why": "Every commit is kept.", "back_to": row.looked_at.isoformat()}


def _followed(card: Card) -> LogFollowing | None:
    """How the log is followed, where what is in it can be reached: there is a good backup it can be played onto."""
    row, backup_at = card.following, card.standing.backup_at
    if row is None or not row.alive or backup_at is None or (row.gap_at is not None and row.gap_at > backup_at):
        return None
    return None if logs.of(card.environment).lacks_base(row) else row


def _least(card: Card) -> str:
    row = _followed(card)
    if row is not None:
        lost = seconds_text(row.canary_seconds) if row.canary_seconds is not None else "a few seconds"
        return f"If all data were lost now, what was written in the last {lost} would be gone."
    if card.standing.backup_at is None:
        return "If all data were lost now, nothing could be brought back: there is no good backup."
    age = seconds_text((card.standing.now - card.standing.backup_at).total_seconds())
    return f"If all data were lost now, what was written in the last {age} would be gone."
