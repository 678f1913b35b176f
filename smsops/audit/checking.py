"""Verifies the trail every day and on demand, and writes down in the trail itself what came of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from smsops.audit import anchors, chain, verifying
from smsops.audit.recording import record
from smsops.audit.verifying import Finding
from smsops.models.audit import AuditEntry, Outcome, Sort
from smsops.text import count_text
from smsops.troubles import Trouble

log = logging.getLogger(__name__)
ACTION = "audit.verify"


def check(begin: int = 1, more: dict[int, str] | None = None) -> Finding:
    """Verify from entry `begin` on, against the anchors of this machine and `more`; an entry tells what came of it."""
    found = verifying.database(begin, anchors.known() | (more or {}))
    if not found.whole:
        log.error("audit trail: %s", found.sentence)
    elif not verifying.refuses_changes():
        log.error("audit trail: the database does not refuse to change its entries any more")
    told = {"from": begin, "entries": found.entries, "head": found.head, "first bad": found.bad}
    outcome = "" if found.whole else Outcome.FAILED
    record(ACTION, sort=Sort.TRAIL, given=told, reason=found.problem, outcome=outcome)
    return found


@dataclass(frozen=True)
class State:
    """How the chain stands, for its page."""

    entries: int
    head: str
    checked_at: datetime | None = None
    whole: bool = True
    sentence: str = ""  # what is wrong

    @property
    def entries_text(self) -> str:
        return count_text(self.entries, "entry", "entries")


def state() -> State:
    """The end of the chain, and what the last verification of all of it said; two queries, however long it is."""
    entries, head = chain.head()
    last = _last_check()
    if last is None:
        return State(entries, head)
    bad = last.given.get("first bad")
    said = f"The chain is broken at entry {bad}: {last.reason}" if bad is not None else ""
    return State(entries, head, last.at, bad is None, said)


def trouble() -> str:
    """That the trail is not whole, in a sentence for every page; empty while the newest verification found it whole."""
    last = _last_check()
    bad = last.given.get("first bad") if last is not None else None
    return f"The audit trail is broken at entry {bad}: {last.reason}" if last is not None and bad is not None else ""


def verified_at() -> datetime | None:
    """When that was; None where it never was verified."""
    last = _last_check()
    return last.at if last is not None else None


def _last_check() -> AuditEntry | None:
    """The newest check; one of a part of the chain counts where it found something."""
    found = AuditEntry.objects.filter(action=ACTION)[:20]
    return next((each for each in found if each.given.get("from") == 1 or each.outcome), None)


TROUBLE = Trouble("audit", "Audit trail", "smsops.view_auditentry", trouble, "smsops_auditentry_changelist")
