"""A trail somebody wrote in, past smsops."""

from __future__ import annotations

from smsops.audit import checking
from tests.audit.trail import TABLE, a_trail, sql

SENTENCE = "The audit trail is broken at entry 2: it is not as it was written."


def break_chain() -> None:
    """Change an entry, and let smsops find it as it does every night."""
    a_trail(3)
    sql(f"UPDATE {TABLE} SET who = 'mallory' WHERE sequence = 2")
    checking.check()


def mend_chain() -> None:
    """Bring the entry back as it was, and let smsops find that."""
    sql(f"UPDATE {TABLE} SET who = 'smsops' WHERE sequence = 2")
    checking.check()
