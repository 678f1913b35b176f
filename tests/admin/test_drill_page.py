"""The page of a drill: its report is there to be read, and as the Markdown it is kept as."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups.services import drill_reports
from smsops.models import Run
from tests.admin.browser import Browser, Page
from tests.admin.scenes import a_reported_drill
from tests.after.test_documents import ATTACKS, harmful
from tests.factories import make_viewer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill_reports, "folder", lambda: tmp_path / "drills")


def report(run: Run) -> Page:
    page = Browser(make_viewer()).get(run.get_absolute_url())
    assert page.status == 200
    return page


def test_the_report_is_read_as_a_page_and_not_as_markdown() -> None:
    page = report(a_reported_drill())
    prose = page.one("div", "prose").text
    assert prose.startswith("Drill at The school: Students were deleted by accident When: ")
    assert "Back after: 30 s (RTO 20 min): GREEN" in prose
    assert "Execute 1.0 s" in [each.text for each in page.all("tr")]
    assert "Delete rows: 1.0 s. 50 rows of students are gone." in [each.text for each in page.all("li")]
    assert "**" not in prose


def test_it_is_still_there_as_markdown_to_be_copied() -> None:
    run = a_reported_drill()
    kept = Path(run.facts["drill.conclude"]["report"]).read_text()
    assert report(run).one("pre", "report").text == " ".join(kept.split())


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_step_said_does_nothing_in_it(attack: str) -> None:
    page = report(a_reported_drill(attack))
    made = page.html.partition('<div class="prose">')[2].partition("</div>")[0]
    assert "Delete rows" in made
    assert not harmful(made)


def test_where_the_file_is_gone_there_is_no_report() -> None:
    run = a_reported_drill()
    Path(run.facts["drill.conclude"]["report"]).unlink()
    assert not report(run).all("pre", "report")
