"""Fingerprints are kept in rows: what they are called must never change, and none may be taken for another kind's."""

from __future__ import annotations

from incidents import fingerprints
from incidents.fingerprints import Kind
from incidents.models import Alert, Incident

KINDS = {name: kind for name, kind in vars(fingerprints).items() if isinstance(kind, Kind)}


def test_what_is_kept_in_rows_is_called_as_it_always_was() -> None:
    assert {name: kind.of(7) for name, kind in KINDS.items()} == {
        "RUN": "run:7", "GLASS": "glass:7", "ALERT": "alert:7", "HEARTBEAT": "heartbeat:7", "UNREAD": "unread:7",
        "LINE": "log:7", "PATTERN": "pattern:7", "DAMAGE": "backup:7", "OFFSITE": "offsite:7",
        "OFFSITE_LOG": "offsite-log:7", "REPORT": "report:7",
    }  # fmt: skip


def test_each_is_of_one_kind() -> None:
    made = [kind.of(7) for kind in KINDS.values()]
    assert [sum(kind.has(each) for kind in KINDS.values()) for each in made] == [1] * len(KINDS)


def test_none_is_longer_than_its_column() -> None:
    assert len(fingerprints.ALERT.of("x" * 100)) == fingerprints.LONGEST
    lengths = (Incident._meta.get_field("fingerprint").max_length, Alert._meta.get_field("cause").max_length)
    assert lengths == (fingerprints.LONGEST,) * 2
