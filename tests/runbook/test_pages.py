"""The runbook as a page: every section of the paper, with what is known now and the buttons that do it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents.models import EscalationPolicy, Rota, RotaMember
from smsops.models import Environment
from smsops.runbook import paper
from tests.admin.browser import Browser, door
from tests.factories import (
    make_admin,
    make_environment,
    make_incident,
    make_release,
    make_user,
    make_viewer,
    make_watch,
)
from tests.places import free_port
from tests.runbook.pages import PAPER, a_known_school, address, links_in, newest, opened, section
from tests.source import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_rows")]

MOST_QUERIES = 39
FACTS = {
    "1": ["Secrets", "SECRET_KEY is short. Make a new one.", "Last good backup", "1.19.0"],
    "2": ["Runs now 1.18.0", "Next 1.19.0", "breaking changes", "1.19.0 came up on a copy.", "12 ms"],
    "3": ["Health", "status: healthy"],
    "4": ["Back to 1.17.0"],
    "4.1": ["Only the release"],
    "4.2": ["The release and the schema", "The release and the data of a backup", "200 students"],
    "4.3": ["Compared by itself"],
    "4.4": ["Total RTO 20 min", "Full restore", "9 to 16 min"],
    "5": ["High", "Logins are slow: nobody has it yet", "of the RTO left"],
    "5.1": ["SMS is unavailable", "15 min"],
    "5.2": ["It was down", "Watch the disk"],
    "5.3.1": ["Container crash loop, never met here"],
    "5.3.2": ["API returns 500"],
    "5.3.3": ["Database locked"],
    "5.3.4": ["Auth failures"],
    "5.3.5": ["Frontend not loading"],
    "5.4": ["On call (Nights) Nora Night (night-owl)", "A second person approves Never", "Ours security 1"],
    "6.1": ["RTO", "≤ 20 min", "MTBF", "≥ 720 h"],
    "6.2": ["Drill", "Code-only rollback", "6 to 9 min"],
    "6.3": ["every 15 min", "all of 7 days", "RPO 60 min"],
    "6.4": ["Accidental deletion", "Backup storage failure"],
    "6.5": ["Copies elsewhere none", "Every commit not kept", "Back in 2 min."],
    "6.6": ["SMS ran on the copy.", "BACKUP_TEST_LOG.md"],
    "7": ["/health: healthy", "our prometheus never heard", "/metrics"],
    "8": ["SECRET_KEY rotated", "succeeded"],
    "9": ["Dependency audit", "Security Team"],
    "10": ["Nobody has written a note yet."],
    "11": ["docs/going-back.md", "docs/restoring-without-smsops.md"],
}
BUTTONS = {
    "1": ["deploy", "backup"], "2": ["deploy", "import"], "3": ["check"], "4": ["rollback"], "4.2": ["restore"],
    "5": ["report"], "5.3.1": ["recreate", "more-memory", "rollback"], "5.3.2": ["rollback"],
    "5.3.3": ["restart", "restore"], "5.3.5": ["recreate"], "6.3": ["backup", "pause", "tidy", "adopt"],
    "6.4": ["restore"], "6.5": ["drill"], "6.6": ["drill"], "7": ["check"], "8": ["rotate-key"], "9": ["archive"],
}  # fmt: skip


def test_the_page_has_every_section_of_the_paper_in_its_order() -> None:
    assert {section.number: section.title for section in paper.SECTIONS}.keys() == PAPER.keys()
    page = opened(a_known_school())
    headings = [each.text for tag in ("h2", "h3") for each in page.all(tag)]
    lacking = [
        number for number, title in PAPER.items()
        if not any(text.startswith((f"{number} {title}", f"{number}. {title}")) for text in headings)
    ]  # fmt: skip
    assert lacking == []
    assert list(paper.NUMBERS) == sorted(PAPER, key=lambda number: [int(part) for part in number.split(".")])


def test_every_section_says_what_is_known_now() -> None:
    page = opened(a_known_school())
    lacking = [(number, fact) for number, facts in FACTS.items() for fact in facts if fact not in section(page, number)]
    assert lacking == []


def test_what_changes_is_another_fact_at_the_next_look() -> None:
    school = a_known_school()
    assert "Next 1.19.0" in section(opened(school), "2")
    newest(school).delete()
    assert "No newer release with an image is known." in section(opened(school), "2")


def test_every_section_has_the_buttons_that_do_it() -> None:
    school = a_known_school()
    page = opened(school)
    lacking = [
        (number, name) for number, names in BUTTONS.items() for name in names
        if not any(link.startswith(door(school, name)) for link in links_in(page, number))
    ]  # fmt: skip
    assert lacking == []


def test_every_link_of_the_page_leads_somewhere() -> None:
    school, user = a_known_school(), make_admin()
    browser, page = Browser(user), opened(school, user)
    inside = {link.partition("#")[0] for link in page.links if link.startswith("/") and "/logout/" not in link}
    assert len(inside) > 60
    assert [(link, found) for link in sorted(inside) if (found := browser.get(link).status) != 200] == []


def test_who_may_only_look_has_no_button() -> None:
    page = opened(a_known_school(), make_viewer())
    assert page.doors == []
    assert not [link for link in page.links if "/note/" in link or link.endswith("/add/")]


def test_each_button_is_there_for_who_may_press_it() -> None:
    school = a_known_school()
    views = ("smsops.view_environment", "backups.view_backup")
    page = opened(school, make_user("smsops.restore_environment", *views))
    assert {link.partition("?")[0] for link in page.doors} == {door(school, "restore"), door(school, "restore-to")}


def test_without_a_permission_a_section_says_so_and_the_others_are_there() -> None:
    page = opened(a_known_school(), make_user("smsops.view_environment"))
    assert "Only those who may see backups see more here." in section(page, "6.3")
    assert "healthy" in section(page, "7")
    assert "Logins are slow" not in page.text
    assert "our prometheus" not in page.text


@pytest.mark.parametrize("form", ["", "?as=md"])
def test_staff_who_see_no_environment_see_no_runbook(form: str) -> None:
    school, browser = make_environment(), Browser(make_user("incidents.write_runbook"))
    assert browser.get(address(school) + form).status == 403
    assert browser.get(address(None) + form).status == 403


def test_nobody_learns_of_a_private_incident() -> None:
    school = a_known_school()
    make_incident(school, title="Somebody sold the keys", private=True)
    page = opened(school, make_viewer())
    assert "Somebody sold the keys" not in page.text
    assert "Somebody sold the keys" in opened(school).text


def test_an_engine_that_is_away_takes_only_its_own_sections_along(settings: Any) -> None:
    settings.SMSOPS_DOCKER_HOST = f"tcp://127.0.0.1:{free_port()}"
    school = make_environment(runtime="docker", volume="sms_data", data_path="")
    make_watch(school)
    page = opened(school)
    assert "The Docker Engine does not answer." in section(page, "2")
    assert "every 15 min" in section(page, "6.3")


def test_the_page_of_a_new_environment_is_whole() -> None:
    page = opened(make_environment())
    assert len(page.all("section", "chapter")) == len(PAPER)


def test_the_general_page_has_what_is_true_of_all_and_leads_to_each() -> None:
    school = a_known_school()
    page = opened(None)
    assert len(page.all("section", "chapter")) == len(PAPER)
    assert address(school) in page.links
    assert "Nora Night" in section(page, "5.4")
    assert "SMS is unavailable" in section(page, "5.1")


def test_the_way_there_is_on_every_page_and_on_the_environments_own() -> None:
    school = make_environment()
    page = Browser(make_admin()).get(school.get_absolute_url())
    assert address(school) in page.links
    assert reverse("admin:incidents_runbook") in page.links


def test_an_environment_nobody_knows_has_none() -> None:
    assert Browser(make_admin()).get(reverse("admin:incidents_runbook_of", args=["nowhere"])).status == 404


def test_each_guide_that_is_named_exists() -> None:
    assert [each.guide for each in paper.SECTIONS if each.guide and not (ROOT / "docs" / each.guide).is_file()] == []


def queries(school: Environment, browser: Browser) -> int:
    browser.get(address(school))
    with CaptureQueriesContext(connection) as found:
        assert browser.get(address(school)).status == 200
    return len(found)


@pytest.mark.usefixtures("asked_behind_its_back")
def test_the_number_of_queries_is_bounded_however_much_is_known() -> None:
    school, browser = a_known_school(), Browser(make_admin())
    few = queries(school, browser)
    for number in range(5):
        make_incident(school, title=f"Trouble {number}")
        make_release(school, f"1.16.{number}")
        make_environment()
    somebody_on_call_too()
    assert queries(school, browser) == few
    assert few <= MOST_QUERIES


def somebody_on_call_too() -> None:
    for number in range(3):
        rota = Rota.objects.create(name=f"Days {number}")
        RotaMember.objects.create(rota=rota, user=make_user())
        EscalationPolicy.objects.create(name=f"Policy {number}", enabled=False)
