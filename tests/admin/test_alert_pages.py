"""Alerts in the admin: tokens shown once, secrets never, an incident's alerts in pages, silences made and ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.models import Alert, AlertSource, MaintenanceWindow, Silence, token_digest
from tests.admin.browser import Browser, Page, door
from tests.admin.test_escaping import EVIL, seen
from tests.factories import (
    CANARY,
    make_admin,
    make_alert,
    make_alert_source,
    make_environment,
    make_incident,
    make_silence,
    make_user,
    make_viewer,
    make_window,
)

pytestmark = pytest.mark.django_db
SOURCE = "admin:incidents_alertsource_"


def may(model: str) -> Browser:
    return Browser(make_user(*(f"incidents.{verb}_{model}" for verb in ("view", "add", "change"))))


def source_form(**more: Any) -> dict[str, Any]:
    return {
        "environment": make_environment().pk, "name": "prometheus", "kind": "alertmanager", "enabled": "on",
        "rules": "[]", "fields_map": "{}", "stale_minutes": 480, "every_seconds": 300, **more,
    }  # fmt: skip


def address_on(page: Page) -> str:
    return next(each.text for each in page.all("code") if "/alerts/" in each.text)


def test_a_new_sources_token_is_shown_once_with_the_address_and_what_to_paste() -> None:
    browser = may("alertsource")
    page = browser.post(reverse(f"{SOURCE}add"), **source_form())
    assert page.status == 200, page.text
    source, address = AlertSource.objects.get(), address_on(page)
    assert token_digest(address.rpartition("/")[2]) == source.token_sha256
    assert f"- url: {address}" in page.one("pre").text
    assert address.rpartition("/")[2] not in browser.get(source.get_absolute_url()).html


@pytest.mark.parametrize(("kind", "word"), [("grafana", "Webhook"), ("generic", "curl"), ("heartbeat", "--retry")])
def test_each_kind_says_what_to_do_with_its_address(kind: str, word: str) -> None:
    page = may("alertsource").post(reverse(f"{SOURCE}add"), **source_form(kind=kind))
    assert word in page.text
    assert f"/alerts/{kind}/" in address_on(page)


def test_a_renewed_token_is_shown_once_and_replaces_the_old_one() -> None:
    source, browser = make_alert_source(), may("alertsource")
    page = browser.post(door(source, "renew"), reason="it was in a chat")
    assert token_digest(address_on(page).rpartition("/")[2]) == AlertSource.objects.get().token_sha256
    assert AlertSource.objects.get().token_sha256 != source.token_sha256


def test_the_secret_is_never_shown_and_stays_where_the_field_is_left_empty() -> None:
    source = make_alert_source(secret=CANARY)
    for browser in (may("alertsource"), Browser(make_viewer())):
        assert CANARY not in browser.get(source.get_absolute_url()).html
    form = source_form(environment=source.environment.pk, secret="")
    assert may("alertsource").post(source.get_absolute_url(), **form).status == 302
    assert AlertSource.objects.get().secret == CANARY
    may("alertsource").post(source.get_absolute_url(), **{**form, "secret": "-"})
    assert AlertSource.objects.get().secret == ""


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("rules", '[{"color": "red"}]'), ("rules", "nothing"), ("fields_map", '{"status": "x"}'), ("stale_minutes", "0"),
     ("timestamp_header", "X Time:")],
)  # fmt: skip
def test_what_nobody_could_read_by_is_refused_at_its_field(field: str, wrong: str) -> None:
    page = may("alertsource").post(reverse(f"{SOURCE}add"), **source_form(**{field: wrong}))
    assert page.status == 200
    assert page.all("ul", "errorlist")
    assert not AlertSource.objects.exists()


def test_a_source_that_never_says_what_is_over_is_pointed_at() -> None:
    source = make_alert_source(last_heard_at=timezone.now())
    assert "It has never said that something is over" in Browser(make_viewer()).get(source.get_absolute_url()).text


def test_a_source_whose_alerts_are_kept_is_not_deleted() -> None:
    source = make_alert_source()
    assert Browser(make_admin()).post(reverse(f"{SOURCE}delete", args=[source.pk]), post="yes").status == 403


def queries(browser: Browser, address: str) -> int:
    with CaptureQueriesContext(connection) as seen_queries:
        assert browser.get(address).status == 200
    return len(seen_queries)


def test_an_incidents_alerts_are_on_its_page_in_pages_and_cost_the_same_however_many() -> None:
    incident, source, browser = make_incident(), make_alert_source(), Browser(make_viewer())
    make_alert(source, incident=incident, state="resolved", name="Over")
    make_alert(source, incident=incident, name="Burning")
    browser.get(incident.get_absolute_url())  # what is remembered from now on is not asked for again
    few = queries(browser, incident.get_absolute_url())
    Alert.objects.bulk_create(
        [Alert(source=source, incident=incident, fingerprint=str(n), name=f"A{n}", cause="x") for n in range(10_000)]
    )
    assert queries(browser, incident.get_absolute_url()) == few
    page = browser.get(incident.get_absolute_url(), alerts="2")
    assert "Alerts (10002)" in page.text and "page 2 of 201" in page.text
    assert "Over" in browser.get(incident.get_absolute_url(), alerts="999").text


def test_who_may_not_see_alerts_does_not_see_them_on_the_incident() -> None:
    incident = make_incident()
    make_alert(incident=incident, name="Burning")
    browser = Browser(make_user("incidents.view_incident"))
    page = browser.get(incident.get_absolute_url())
    assert "Alerts (1)" not in page.text
    assert not [link for link in page.links if "/incidents/alert/" in link]


def test_an_alerts_page_leads_to_its_incident_and_to_where_it_comes_from() -> None:
    incident = make_incident()
    found = make_alert(incident=incident, url="https://grafana.example/d/1")
    links = Browser(make_viewer()).get(found.get_absolute_url()).links
    assert {incident.get_absolute_url(), "https://grafana.example/d/1"} <= set(links)


def test_alerts_of_a_private_incident_are_seen_by_those_who_may_see_that() -> None:
    found = make_alert(incident=make_incident(private=True), name="Break-in")
    address = reverse("admin:incidents_alert_changelist")
    other, trusted = (
        Browser(make_viewer()),
        Browser(make_user("incidents.view_alert", "incidents.see_private_incident")),
    )
    assert "Break-in" not in other.get(address).text
    assert other.get(found.get_absolute_url()).status == 404
    assert "Break-in" in trusted.get(address).text


def test_what_senders_write_is_text() -> None:
    source = make_alert_source(name=EVIL[:80], refused_at=timezone.now(), refused_why=EVIL)
    incident = make_incident(source.environment)
    found = make_alert(source, incident=incident, name=EVIL, text=EVIL, labels={EVIL: EVIL}, quiet=EVIL, url=EVIL)
    browser = Browser(make_admin())
    silence = make_silence(source.environment, reason=EVIL, match={EVIL: EVIL})
    window = make_window(source.environment, title=EVIL[:120])
    for target in (source, incident, found, silence, window):
        assert "onerror=alert(1)" in seen(browser.get(target.get_absolute_url())).text
    for model in ("alert", "alertsource", "silence", "maintenancewindow"):
        assert "onerror=alert(1)" in seen(browser.get(reverse(f"admin:incidents_{model}_changelist"))).text


def test_a_stale_alert_is_settled_with_a_reason_and_its_incident_says_so() -> None:
    incident = make_incident(fingerprint="alert:1:x")
    found = make_alert(incident=incident, state="stale")
    person = make_user("incidents.resolve_incident", "incidents.view_alert")
    assert Browser(person).post(door(found, "settle"), reason="I looked").status == 302
    found.refresh_from_db()
    incident.refresh_from_db()
    assert (found.state, incident.state) == ("resolved", "resolved")
    assert incident.timeline.filter(author=person.username, text__contains="I looked").exists()


def test_an_alert_that_fires_cannot_be_settled() -> None:
    found = make_alert()
    person = make_user("incidents.resolve_incident", "incidents.view_alert")
    assert Browser(person).post(door(found, "settle"), reason="I looked").status == 409
    assert Alert.objects.get().state == "firing"


def silence_form(**more: Any) -> dict[str, Any]:
    now = timezone.now()
    until = now + timedelta(hours=2)
    return {
        "environment": make_environment().pk, "match": '{"alertname": "Slow"}', "reason": "we know",
        "starts_at": f"{now:%Y-%m-%dT%H:%M:%S}",
        "ends_at": f"{until:%Y-%m-%dT%H:%M:%S}", **more,
    }  # fmt: skip


def test_a_silence_is_made_by_somebody_and_ended_early_by_a_button() -> None:
    browser = may("silence")
    assert browser.post(reverse("admin:incidents_silence_add"), **silence_form()).status == 302
    found = Silence.objects.get()
    assert (found.created_by, found.over) == (browser.user, False)
    assert browser.post(door(found, "end"), reason="").status == 302
    assert Silence.objects.get().over


def test_a_silence_for_everything_or_for_ever_is_refused() -> None:
    browser = may("silence")
    for wrong in ({"match": '{"alertname": "*"}'}, {"ends_at": "2099-01-01T00:00"}, {"reason": ""}):
        assert browser.post(reverse("admin:incidents_silence_add"), **silence_form(**wrong)).status == 200
    assert not Silence.objects.exists()


def test_a_silence_that_is_over_stays_as_it_was() -> None:
    found = make_silence(ends_at=timezone.now())
    assert may("silence").post(found.get_absolute_url(), **silence_form()).status == 403


def test_a_window_is_made_and_switched_off() -> None:
    browser, now = may("maintenancewindow"), timezone.now()
    form = {"environment": make_environment().pk, "title": "Disks", "minutes": 60, "repeats": "once", "zone": "UTC",
            "enabled": "on", "starts_at": f"{now:%Y-%m-%dT%H:%M:%S}"}  # fmt: skip
    address = reverse("admin:incidents_maintenancewindow_add")
    assert browser.post(address, **{**form, "repeats": "daily"}).status == 200
    assert browser.post(address, **form).status == 302
    assert browser.post(door(MaintenanceWindow.objects.get(), "end"), reason="").status == 302
    assert not MaintenanceWindow.objects.get().enabled
