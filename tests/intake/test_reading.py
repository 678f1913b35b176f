"""What senders say, read into plain values: every member they have, and everything that can be wrong with one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from incidents.intake import alertmanager, generic
from incidents.intake.news import MOST_ALERTS, AlertNews, Unreadable, clean, labels, link, moment
from tests.intake.senders import NEVER, alert, payload


def read(*alerts: Any, **more: Any) -> tuple[AlertNews, ...]:
    return alertmanager.read(json.dumps(payload(*alerts, **more)).encode()).alerts


def one(**members: Any) -> AlertNews:
    return read({**alert(), **members})[0]


def test_an_alert_has_its_own_status_whatever_the_payload_says() -> None:
    first, second = read(alert("A"), alert("B", over=True), status="firing")
    assert (first.firing, second.firing) == (True, False)


def test_a_status_nobody_knows_is_trouble() -> None:
    assert one(status="suppressed").firing
    assert one(status=None).firing


def test_the_end_of_an_alert_that_fires_is_no_time() -> None:
    assert one(endsAt=NEVER).ends_at is None


def test_times_with_nanoseconds_zones_and_none_are_read() -> None:
    assert moment("2026-03-01T10:00:00.123456789Z") == datetime(2026, 3, 1, 10, 0, 0, 123456, UTC)
    assert moment("2026-03-01T12:00:00+02:00") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert moment("2026-03-01T10:00:00") == datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("wrong", ["yesterday", "", None, 5, "9999-12-31T23:59:59-14:00", "1000-01-01T00:00:00Z"])
def test_what_is_no_time_is_none(wrong: Any) -> None:
    assert moment(wrong) is None


def test_unknown_members_and_versions_are_no_obstacle() -> None:
    told = read({**alert(), "enrichments": [1], "values": None}, version="7", notification_reason="unknown", orgId=1)
    assert [each.name for each in told] == ["Slow"]


def test_how_many_were_left_out_is_read() -> None:
    assert alertmanager.read(json.dumps(payload(alert(), truncatedAlerts=3)).encode()).truncated == 3
    assert alertmanager.read(json.dumps(payload(alert(), truncatedAlerts="many")).encode()).truncated == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"null", b'"x"', b"\xff\xfe", b"{}", b'{"alerts": {}}'])
def test_a_body_without_a_list_of_alerts_is_never_understood(body: bytes) -> None:
    with pytest.raises(Unreadable):
        alertmanager.read(body)


def test_a_member_that_is_no_alert_spoils_no_other() -> None:
    found = alertmanager.read(json.dumps({"alerts": [5, alert(), None]}).encode())
    assert (len(found.alerts), found.unread) == (1, 2)
    with pytest.raises(Unreadable):
        alertmanager.read(b'{"alerts": [5]}')


def test_of_a_body_without_end_so_many_are_read_and_the_rest_is_counted() -> None:
    found = alertmanager.read(json.dumps({"alerts": [{}] * (MOST_ALERTS + 5)}).encode())
    assert (len(found.alerts), found.unread) == (MOST_ALERTS, 5)
    several = generic.read(json.dumps([{"title": "x"}] * (MOST_ALERTS + 5)).encode(), {})
    assert (len(several.alerts), several.unread) == (MOST_ALERTS, 5)


def test_an_empty_list_of_alerts_is_understood() -> None:
    assert alertmanager.read(b'{"alerts": []}').alerts == ()


def test_an_alert_without_a_fingerprint_is_known_by_all_its_labels() -> None:
    a, b = ({"labels": {"alertname": "A", "path": "x" * 5000 + end}} for end in "ab")
    first, second, again = read({**alert(), "fingerprint": "", **a}, {"status": "firing", **b}, {"status": "", **a})
    assert first.fingerprint == again.fingerprint != second.fingerprint


def test_a_fingerprint_that_is_too_long_stays_its_own() -> None:
    first, second = read({**alert(), "fingerprint": "f" * 100 + "1"}, {**alert(), "fingerprint": "f" * 100 + "2"})
    assert first.fingerprint != second.fingerprint
    assert len(first.fingerprint) == 64


def test_of_a_thousand_labels_the_telling_ones_are_kept() -> None:
    bomb = {f"a{number:04}": "x" for number in range(1000)} | {"severity": "critical", "alertname": "Bomb"}
    found = labels(bomb)
    assert (len(found), found["alertname"], found["severity"]) == (64, "Bomb", "critical")


def test_a_label_is_no_longer_than_anybody_reads() -> None:
    assert len(labels({"alertname": "x" * 10**6})["alertname"]) == 1000


def test_a_label_that_is_no_text_is_left_out_or_made_one() -> None:
    assert labels({"a": None, "b": ["x"], "c": {"d": 1}, "e": 5, "f": True, "g": 1.5}) == {
        "e": "5", "f": "true", "g": "1.5",
    }  # fmt: skip
    assert labels("none") == {}


def test_text_that_a_database_or_a_terminal_would_choke_on_is_cleaned() -> None:
    assert clean("a\0b") == "ab"
    assert clean("\x1b[31mred\x07") == "[31mred"
    assert clean("\u202egpj.exe") == "gpj.exe"
    assert clean("\ud800") == "?"
    assert clean("two\nlines\tand ü") == "two\nlines\tand ü"


def test_only_addresses_of_the_web_are_links() -> None:
    assert link("https://grafana.example/d/1") == "https://grafana.example/d/1"
    assert [link(wrong) for wrong in ("javascript:alert(1)", "data:text/html,x", "//x", None, {"a": 1})] == [""] * 5


def test_a_huge_number_is_no_obstacle() -> None:
    body = b'{"alerts": [{"status": "firing", "labels": {"alertname": "A", "n": ' + b"9" * 10_000 + b"}}], "
    found = alertmanager.read(body + b'"truncatedAlerts": ' + b"9" * 200 + b"}")
    assert len(found.alerts[0].labels["n"]) == 1000
    assert found.truncated > 0


def test_nesting_without_an_end_is_refused_and_some_nesting_is_not() -> None:
    with pytest.raises(Unreadable):
        alertmanager.read(b'{"alerts": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    deep = b'{"alerts": [{"labels": {"alertname": "A", "deep": ' + b"[" * 300 + b"]" * 300 + b"}}]}"
    assert alertmanager.read(deep).alerts[0].labels == {"alertname": "A"}


MAP = {"title": "check.name", "status": "state", "identity": "check.id", "text": "out.0", "severity": "level"}


def told(document: Any, fields: Any = MAP) -> tuple[AlertNews, ...]:
    return generic.read(json.dumps(document).encode(), fields).alerts


def test_any_json_is_read_by_a_map_of_fields() -> None:
    document = {"check": {"name": "disk", "id": 7}, "state": "DOWN", "out": ["91 % full"], "level": "Critical"}
    (found,) = told(document)
    assert (found.firing, found.name, found.told) == (True, "disk", "91 % full")
    assert found.labels == {"alertname": "disk", "severity": "critical"}


@pytest.mark.parametrize("word", ["resolved", "OK", " Up ", "passing", 0, False, "recovered"])
def test_words_for_an_end_are_understood(word: Any) -> None:
    assert not told({"check": {"name": "disk"}, "state": word})[0].firing


@pytest.mark.parametrize("word", ["firing", "critical", None, "", 2, True, ["ok"], {"ok": 1}])
def test_any_other_word_is_trouble(word: Any) -> None:
    assert told({"check": {"name": "disk"}, "state": word})[0].firing


def test_the_identity_is_what_the_map_says_and_else_the_title() -> None:
    a, b, c = told([{"check": {"name": name, "id": id_}} for name, id_ in [("x", 1), ("y", 1), ("x", None)]])
    assert a.fingerprint == b.fingerprint != c.fingerprint


def test_without_a_map_the_usual_names_count() -> None:
    (found,) = told({"title": "Backup failed", "status": "firing", "labels": {"host": "db1"}, "url": "http://x/y"}, {})
    assert (found.labels["host"], found.url) == ("db1", "http://x/y")


def test_of_a_list_those_with_a_title_are_read() -> None:
    found = generic.read(b'[{"title": "a"}, {"no": "title"}, 5]', {})
    assert (len(found.alerts), found.unread) == (1, 2)
    with pytest.raises(Unreadable, match="where the title should be"):
        generic.read(b'[{"no": "title"}, {"title": {"a": 1}}]', {})


def test_a_wrong_map_is_told_in_a_sentence() -> None:
    assert generic.mistake({"title": "a"}) == ""
    assert "is none of the fields" in generic.mistake({"title": "a", "color": "b"})
    assert "where the title is" in generic.mistake({"status": "b"})
    assert generic.mistake({"title": 5}) and generic.mistake([])
