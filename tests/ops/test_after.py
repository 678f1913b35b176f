"""`ops postmortem | actions | objectives | search`."""

from __future__ import annotations

from pathlib import Path

import pytest

from incidents.models import PostMortem
from tests.after.conftest import START, days_ago, drafted, over
from tests.factories import make_action_item, make_environment, make_user
from tests.ops.terminal import Terminal


def a_school() -> object:
    return make_environment(name="school", title="The school", created_at=START)


def test_a_post_mortem_is_printed_written_and_told_as_json(ops: Terminal, tmp_path: Path) -> None:
    found = drafted(a_school())  # type: ignore[arg-type]
    number, file = found.incident_id, tmp_path / "it.md"
    assert "## What was measured" in ops("postmortem", number).out
    assert ops("postmortem", number, "--out", file).out == f"Written to {file}.\n"
    assert file.read_text().startswith("# SMS does not answer")
    assert ops("postmortem", number, "--json").document["measured"]["head"]["severity"] == "Critical"


@pytest.mark.pdf
def test_a_post_mortem_is_written_as_pdf(ops: Terminal, tmp_path: Path) -> None:
    found, file = drafted(a_school()), tmp_path / "it.pdf"  # type: ignore[arg-type]
    assert ops("postmortem", found.incident_id, "--out", file).code == 0
    assert file.read_bytes().startswith(b"%PDF-")


def test_one_that_is_not_there_can_be_begun(ops: Terminal) -> None:
    incident = over(a_school(), severity="low")  # type: ignore[arg-type]
    told = ops("postmortem", incident.pk)
    assert (told.code, "--draft” begins one" in told.complaint) == (2, True)
    assert ops("postmortem", incident.pk, "--draft").code == 0
    assert PostMortem.objects.get().measured


def test_a_file_of_another_kind_is_refused(ops: Terminal, tmp_path: Path) -> None:
    found = drafted(a_school())  # type: ignore[arg-type]
    told = ops("postmortem", found.incident_id, "--out", tmp_path / "it.docx")
    assert (told.code, told.complaint) == (2, "“it.docx” ends in neither .md nor .pdf.")


def test_actions_lists_what_is_to_be_done_and_overdue_is_a_bad_exit(ops: Terminal) -> None:
    incident = over(a_school())  # type: ignore[arg-type]
    make_action_item(incident, title="Late", due_at=days_ago(1), owner=make_user(username="eve"))
    make_action_item(incident, title="Done", state="done")
    listed = ops("actions")
    assert (listed.code, "Late" in listed.out, "Done" in listed.out) == (0, True, False)
    assert ops("actions", "--overdue").code == 1
    assert ops("actions", "school", "--user", "eve", "--json").document[0]["overdue"] is True
    assert len(ops("actions", "--all", "--json").document) == 2


def test_objectives_prints_the_table_and_red_is_a_bad_exit(ops: Terminal) -> None:
    over(a_school(), detected_at=days_ago(2), acknowledged_at=None, mitigated_at=days_ago(1), resolved_at=days_ago(1))  # type: ignore[arg-type]
    told = ops("objectives", "school", "--days", 30)
    assert told.code == 1
    assert any(line.startswith("MTTR       red           ≤ 30 min") for line in told.lines)
    (data,) = ops("objectives", "--json", "--by", "week").document
    assert data["objectives"]["mttr"]["n"] == 1
    assert sum(each["incidents"] for each in data["trend"]) == 1


def test_a_number_of_days_that_is_none_is_refused(ops: Terminal) -> None:
    assert ops("objectives", "--days", 0).complaint == "--days is from 1 to 3650."


def test_search_shows_the_hit(ops: Terminal) -> None:
    incident = over(a_school(), title="The disk is full")  # type: ignore[arg-type]
    told = ops("search", "disk", "full")
    assert str(incident.pk) in told.lines[0]
    assert "Incident: The disk is full" in told.lines[1]
    assert ops("search", "disk", "--json").document[0]["incident"] == incident.pk
    assert ops("search", "volcano").out == "Nothing was found.\n"
