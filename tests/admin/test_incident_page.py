"""The page of an incident: what somebody who is woken reads first, and that its length costs nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import Incident, SeverityRule, TimelineEntry
from incidents.services import clocks, roles
from tests.admin.browser import Browser, Page, changelist, door
from tests.factories import make_admin, make_environment, make_incident, make_user, make_viewer, make_watch

pytestmark = pytest.mark.django_db

EVIL = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>[x](javascript:alert(3))"


def lengthened(incident: Incident, entries: int) -> Incident:
    """With so many more lines, one a second, every tenth by a person."""
    rows = [
        TimelineEntry(
            incident=incident, at=incident.detected_at + timedelta(seconds=number + 1), text=f"line {number}",
            kind="sign" if number % 10 else "note", author="" if number % 10 else "ada",
        )
        for number in range(entries)
    ]  # fmt: skip
    TimelineEntry.objects.bulk_create(rows)
    return incident


def queries(incident: Incident, browser: Browser, **asked: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(incident.get_absolute_url(), **asked).status == 200
    return len(captured)


def lines(page: Page) -> list[str]:
    return [each.text for each in page.all("li", "entry")]


def test_five_thousand_lines_cost_as_many_queries_as_sixty() -> None:
    browser, incident = Browser(make_admin()), lengthened(make_incident(), 60)
    browser.get(incident.get_absolute_url())
    few = queries(incident, browser)
    lengthened(incident, 4940)
    assert (queries(incident, browser), queries(incident, browser, entries="90")) == (few, few)
    assert few < 60


def test_the_newest_line_comes_first_and_how_it_began_is_one_click_away() -> None:
    browser, incident = Browser(make_viewer()), lengthened(make_incident(), 120)
    page = browser.get(incident.get_absolute_url())
    assert (len(lines(page)), "line 119" in lines(page)[0]) == (50, True)
    (last,) = [link for link in page.links if "entries=3" in link]
    assert "/health: connection refused" in lines(browser.get(incident.get_absolute_url() + last.partition("#")[0]))[-1]


@pytest.mark.parametrize(("show", "count"), [("", 50), ("deeds", 12), ("people", 12), ("nonsense", 50)])
def test_signs_can_be_left_out(show: str, count: int) -> None:
    incident = lengthened(make_incident(), 120)
    page = Browser(make_viewer()).get(incident.get_absolute_url(), show=show, entries="abc")
    assert len(lines(page)) == count


@pytest.mark.usefixtures("shipped_rows")
def test_its_head_says_by_when_somebody_has_it_and_who_does_what() -> None:
    ada = make_user(username="ada")
    incident = make_incident(commander=ada, detected_at=timezone.now() - timedelta(minutes=20))
    SeverityRule.objects.filter(severity="critical").update(response_minutes=12, meaning="All of it is away.")
    page = Browser(make_viewer()).get(incident.get_absolute_url())
    for said in ("8 min late", "nobody has it", "Commander ada", "Scribe nobody", "All of it is away."):
        assert said in page.text, said
    assert "8 min late" in Browser(make_viewer()).get(changelist(Incident)).text


def test_a_role_nobody_has_is_taken_by_one_link_and_one_press() -> None:
    ada = make_user("incidents.view_incident", "incidents.acknowledge_incident", username="ada")
    incident, browser = make_incident(), Browser(ada)
    link = next(link for link in browser.get(incident.get_absolute_url()).links if "?scribe=" in link)
    page = browser.get(link)
    form = {
        each.attributes["name"]: each.attributes.get("value", "")
        for each in page.all("input")
        if "name" in each.attributes
    }
    chosen = next(
        each.attributes["value"] for each in page.all("option") if "selected" in each.attributes and each.text == "ada"
    )
    browser.post(door(incident, "roles"), **{**form, "scribe": chosen, "commander": "", "communications": ""})
    assert Incident.objects.get().scribe == ada


def test_roles_somebody_else_has_changed_meanwhile_are_not_overwritten() -> None:
    ada, bob = make_user("incidents.view_incident", "incidents.acknowledge_incident", roles.ASSIGN), make_user()
    incident = make_incident()
    page = Browser(ada).get(door(incident, "roles"))
    seen = next(each.attributes["value"] for each in page.all("input") if each.attributes.get("name") == "seen")
    Incident.objects.update(commander=bob)
    again = Browser(ada).post(door(incident, "roles"), seen=seen, commander="", scribe=str(ada.pk), reason="x")
    assert "look again" in again.text
    assert (Incident.objects.get().commander, Incident.objects.get().scribe) == (bob, None)


def test_what_the_facts_speak_for_is_a_click_away() -> None:
    incident = make_incident(severity="medium", issue="service")
    make_watch(incident.environment, status="down", ready=False)
    user = make_user("incidents.view_incident", "incidents.classify_incident")
    page = Browser(user).get(incident.get_absolute_url())
    assert "By the facts it is critical, not medium: SMS is down" in page.text
    link = next(link for link in page.links if link.endswith("?severity=critical"))
    Browser(user).post(link.partition("?")[0], severity="critical", reason="")
    assert Incident.objects.get().severity == "critical"


def test_less_without_a_reason_is_refused_beside_the_field() -> None:
    incident = make_incident()
    user = make_user("incidents.view_incident", "incidents.classify_incident")
    page = Browser(user).post(door(incident, "severity"), severity="low", reason="")
    assert "Say why it is less than critical." in page.errors_of("Reason")
    assert Incident.objects.get().severity == "critical"


def test_resolving_while_sms_is_down_asks_why_and_stays_to_be_seen() -> None:
    incident = make_incident(make_environment(), issue="service")
    make_watch(incident.environment, status="down", ready=False, detail="connection refused")
    browser = Browser(make_user("incidents.view_incident", "incidents.resolve_incident"))
    asked = browser.post(door(incident, "resolve"), reason="Fixed.")
    assert "Red now: SMS is down: connection refused." in asked.text
    assert Incident.objects.get().state == "open"
    browser.post(door(incident, "resolve"), reason="Fixed.", although="The probe is wrong.")
    assert "Contradicted" in browser.get(incident.get_absolute_url()).one("p", "verdict").text
    assert "Contradicted" in browser.get(changelist(Incident)).text


def test_the_clocks_show_what_they_said_before() -> None:
    incident, ada = make_incident(), make_user(username="ada")
    clocks.correct(incident, "began_at", incident.detected_at - timedelta(minutes=5), ada, "The log says so.")
    page = Browser(make_viewer()).get(incident.get_absolute_url())
    row = next(each for each in page.all("li") if each.text.startswith("Began"))
    assert "5 min before detection" in row.text
    assert "by ada, was not known: The log says so." in row.text


def test_what_people_write_is_text_wherever_the_page_shows_it() -> None:
    ada = make_user(username="ada", is_superuser=True)
    incident = make_incident(
        title=EVIL, contradicted=EVIL, state="resolved", resolution=EVIL, resolved_at=timezone.now()
    )
    incident.timeline.create(kind="note", text=EVIL, author=EVIL)
    clocks.correct(incident, "began_at", incident.detected_at - timedelta(minutes=5), ada, EVIL)
    SeverityRule.objects.update(meaning=EVIL, examples=EVIL)
    for where in (incident.get_absolute_url(), changelist(Incident), changelist(SeverityRule), door(incident, "clock")):
        page = Browser(ada).get(where)
        assert not [each for each in page.elements if "onerror" in each.attributes], where
        assert "<script>alert(2)" not in page.html, where
        assert not [link for link in page.links if link.startswith("javascript:")], where


def test_a_person_reports_an_incident_and_is_shown_it_with_what_is_open_already() -> None:
    ada = make_user("smsops.view_environment", "incidents.view_incident", "incidents.report_incident", username="ada")
    place, browser = make_environment(), Browser(ada)
    known = make_incident(place, title="The page is blank")
    make_incident(place, title="The keys were stolen", private=True, fingerprint="keys")
    asked = browser.get(door(place, "report"))
    assert f"Open already: The page is blank (incident {known.pk})." in asked.text
    assert "stolen" not in asked.text
    form = {"title": "Nobody can sign in", "severity": "high", "issue": "service", "reason": "Three teachers called."}
    page = browser.post(door(place, "report"), **form)
    found = Incident.objects.get(title="Nobody can sign in")
    assert page.address == found.get_absolute_url()
    assert any("Three teachers called." in line and "ada" in line for line in lines(browser.get(page.address)))
    assert not LogEntry.objects.exists()


def test_who_may_not_see_private_incidents_may_report_one_and_leaves_no_trace_of_it() -> None:
    ada = make_user("smsops.view_environment", "incidents.view_incident", "incidents.report_incident")
    place, browser = make_environment(), Browser(ada)
    form = {"title": "The keys were stolen", "severity": "critical", "issue": "security", "private": "on"}
    page = browser.post(door(place, "report"), **form, reason="I saw the keys.")
    assert page.address == place.get_absolute_url()
    assert "It is reported." in browser.get(page.address).text
    assert Incident.objects.get().private
    assert not LogEntry.objects.exists()
    assert "stolen" not in browser.get(changelist(Incident)).text


def test_a_fact_is_established_with_how_it_is_known_and_offered_once() -> None:
    incident = make_incident(issue="security")
    browser = Browser(make_user("incidents.view_incident", "incidents.classify_incident", username="ada"))
    form = {"kind": "exposure_confirmed", "reason": "The key is on a public page."}
    assert not incident.facts.exists()
    browser.post(door(incident, "fact"), **{**form, "reason": ""})
    assert not incident.facts.exists()
    page = browser.get(browser.post(door(incident, "fact"), **form).address)
    assert incident.facts.get().by == "ada"
    assert "The exposure is confirmed: The key is on a public page." in page.text
    offered = {each.attributes["value"] for each in browser.get(door(incident, "fact")).all("option")}
    assert offered.isdisjoint({"exposure_confirmed", "serves_again"})
