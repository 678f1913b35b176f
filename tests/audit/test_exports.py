"""`ops audit verify | export`, and files of entries that are verified without a database."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from incidents.services import hiding
from smsops.audit import record
from smsops.audit.exporting import cell
from smsops.models import AuditEntry
from tests.audit.trail import TABLE, a_trail, sql
from tests.factories import make_admin, make_incident
from tests.ops.terminal import Terminal, typed

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_whole_chain_ends_with_0_and_tells_what_to_note(ops: Terminal) -> None:
    *_, last = a_trail(3)
    said = ops("audit", "verify")
    assert said.code == 0
    assert "The chain of 3 entries is whole." in said.lines
    assert f"--anchor 3:{last.digest}" in said.out


def test_a_broken_chain_ends_with_1_and_names_the_entry(ops: Terminal) -> None:
    a_trail(3)
    sql(f"UPDATE {TABLE} SET reason = 'another' WHERE sequence = 2")
    said = ops("audit", "verify", "--json")
    assert (said.code, said.document["bad"], said.document["whole"]) == (1, 2, False)
    assert said.document["sentence"] == "The chain is broken at entry 2: it is not as it was written."


def test_an_end_that_was_cut_off_is_noticed_by_this_machines_anchors(ops: Terminal) -> None:
    a_trail(5)
    sql(f"DELETE FROM {TABLE} WHERE sequence > 3")
    said = ops("audit", "verify")
    assert said.code == 1
    assert "broken at entry 4" in said.out


def test_an_anchor_that_was_noted_elsewhere_counts_too(ops: Terminal, tmp_path: Path) -> None:
    *_, last = a_trail(3)
    assert ops("audit", "verify", "--anchor", f"3:{last.digest}").code == 0
    assert ops("audit", "verify", "--anchor", f"2:{last.digest}").code == 1
    assert ops("audit", "verify", "--anchor", "2:abc").code == 2


def test_an_export_is_verified_by_a_program_without_a_database(ops: Terminal, tmp_path: Path) -> None:
    a_trail(4)
    file = tmp_path / "audit.jsonl"
    assert ops("audit", "export", str(file)).code == 0
    AuditEntry.objects.all()._raw_delete("default")
    said = typed("audit", "verify", str(file))
    assert said.code == 0, said.err
    assert said.lines[0] == "The chain of 5 entries is whole."
    assert AuditEntry.objects.count() == 0


@pytest.mark.parametrize("field", ["who", "reason", "at", "action", "digest", "previous"])
def test_an_export_that_was_tampered_with_is_named(ops: Terminal, tmp_path: Path, field: str) -> None:
    a_trail(4)
    file = tmp_path / "audit.jsonl"
    ops("audit", "export", str(file))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    rows[1][field] = "2020-01-01T00:00:00.000000+00:00"
    file.write_text("\n".join(map(json.dumps, rows)))
    said = ops("audit", "verify", str(file))
    assert said.code == 1
    assert "broken at entry 2" in said.out


def test_a_line_that_is_missing_from_an_export_is_named(ops: Terminal, tmp_path: Path) -> None:
    a_trail(4)
    file = tmp_path / "audit.jsonl"
    ops("audit", "export", str(file))
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:2], *lines[3:]]))
    assert "broken at entry 3: it is missing." in ops("audit", "verify", str(file)).out


def test_what_is_no_export_is_wrong_use(ops: Terminal, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("[1]\n")
    assert ops("audit", "verify", str(tmp_path / "x.jsonl")).code == 2
    assert ops("audit", "verify", str(tmp_path / "none.jsonl")).code == 2
    assert ops("audit", "export", str(tmp_path / "x.jsonl")).code == 2
    assert ops("audit", "export", str(tmp_path / "x.txt")).code == 2


def test_of_private_incidents_an_export_has_the_place_alone_unless_somebody_may_see_them(
    ops: Terminal, tmp_path: Path
) -> None:
    boss, incident = make_admin(), make_incident(title="Zanzibar")
    record("incident.note", incident, reason="Zanzibar")
    hiding.hide(incident, boss, "x")
    masked, whole = tmp_path / "masked.jsonl", tmp_path / "whole.jsonl"
    ops("audit", "export", str(masked))
    ops("audit", "export", str(whole), "--as", boss.username)
    assert "Zanzibar" not in masked.read_text()
    assert "Zanzibar" in whole.read_text()
    assert "1 entry only the place" in ops("audit", "verify", str(masked)).out.replace("Of 1 entry", "1 entry")


def test_no_cell_of_a_csv_is_a_formula(ops: Terminal, tmp_path: Path) -> None:
    record("environment.check", reason="=cmd|' /C calc'!A0", who=None)
    file = tmp_path / "audit.csv"
    ops("audit", "export", str(file))
    row = list(csv.DictReader(file.read_text().splitlines()))[-1]
    assert row["reason"] == "'=cmd|' /C calc'!A0"
    assert [cell(text)[0] for text in ("+1", "-1", "@x", "\tx", "=1")] == ["'"] * 5
