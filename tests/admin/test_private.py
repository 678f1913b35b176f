"""A private incident is nowhere for somebody who may do all but see it: on no page, in no list, count or search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from incidents.models import Evidence, Fact, Incident, Page, PlaybookAct, PostMortem, SeverityRule, Triage
from incidents.privacy import PERMISSION
from incidents.services import hiding
from smsops.models import Run
from tests.admin.browser import Browser, changelist, door
from tests.admin.browser import Page as Seen
from tests.factories import (
    make_action_item,
    make_admin,
    make_alert,
    make_incident,
    make_postmortem,
    make_run,
    make_user,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_rows")]

WORD = "Zanzibar"  # in every text that belongs to it


def all_but(permission: str) -> User:
    """Somebody with every permission but this one."""
    user = make_user()
    user.user_permissions.set(Permission.objects.exclude(codename=permission.partition(".")[2]))
    return user


def a_private_incident() -> Incident:
    """One about which everything there can be says its word; made private after it was worked on."""
    boss = make_admin()
    incident = make_incident(title=f"{WORD} keys were stolen", issue="security", resolution=WORD, cause=WORD)
    incident.timeline.create(kind="note", text=f"{WORD} again", author="ada")
    Fact.objects.create(incident=incident, kind="exposure_confirmed", text=WORD)
    Triage.objects.create(incident=incident, broken=WORD, running=WORD, changed=WORD)
    Evidence.objects.create(incident=incident, name=f"{WORD}.txt", path="/nowhere", sha256="a" * 64)
    PlaybookAct.objects.create(incident=incident, kind="diagnosis", title=WORD, text=WORD)
    make_alert(incident=incident, name=WORD, text=WORD, labels={"alertname": WORD})
    Page.objects.create(incident=incident, user=boss, text=f"{WORD} to you", key="x", problem=WORD)
    found = make_postmortem(incident, texts={"cause": WORD}, searchable=WORD, due_at=timezone.now())
    found.versions.create(number=1, texts={"cause": WORD})
    make_action_item(incident, title=f"Rotate the {WORD} keys", detail=WORD, due_at=timezone.now(), owner=boss)
    make_run(incident.environment, kind="diagnosis", title=WORD, headline=WORD, params={"incident": incident.pk})
    for target in (incident, found, incident.action_items.get()):
        LogEntry.objects.log_actions(boss.pk, [target], 2, f"Changed {WORD}.")
    hiding.hide(incident, boss, f"{WORD} is nobody's business.")
    Browser(boss).post(door(incident, "note"), reason=f"{WORD} once more")
    return Incident.objects.get(pk=incident.pk)


def addresses() -> Iterator[str]:
    """Every page of every model in the admin: lists as pop-ups, searched and filtered, forms, and of the newest rows
    their own pages."""
    for model in admin.site._registry:
        yield from (f"{changelist(model)}{asked}" for asked in ("?_popup=1&_facets=True", f"?q={WORD[:4]}"))
        if model is not Incident:
            yield f"{changelist(model)}?incident__title__startswith=Z"
        yield _address(model, "add")
        for number in model._default_manager.order_by("-pk").values_list("pk", flat=True)[:2]:
            yield from (f"{changelist(model)}{number}/{part}/" for part in ("change", "history", "delete"))


def _address(model: type[Model], view: str) -> str:
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}")
    except NoReverseMatch:
        return changelist(model)


def others(incident: Incident) -> Iterator[str]:
    """The pages that belong to no model, and addresses somebody might guess."""
    number, environment = incident.pk, incident.environment.name
    yield from ("/", "/search/?q=keys", "/objectives/", f"/objectives/{environment}/?days=365")
    yield from (f"/objectives/{environment}/{timezone.now():%Y-%m}/{form}" for form in ("", "?as=md"))
    yield f"{_address(PostMortem, 'add')}?incident={number}"
    yield f"{_address(apps.get_model('incidents', 'ActionItem'), 'add')}?incident={number}"
    yield f"{changelist(Incident)}{number}/evidence/{WORD}.txt/"
    yield from (door(incident, name) for name in ("acknowledge", "roles", "clock", "severity", "collect", "show"))
    postmortem = f"{changelist(PostMortem)}{incident.postmortem.pk}/"
    yield from (f"{postmortem}export.md", f"{postmortem}versions/{incident.postmortem.versions.get().pk}/")
    for name in ("incident", "postmortem", "actionitem", "alert", "page"):
        app = f"app_label=incidents&model_name={name}&field_name=incident"
        yield f"/autocomplete/?term={WORD[:3]}&{app}"


def read(browser: Browser, where: str) -> Seen:
    response: Any = browser.client.get(where, follow=True)
    if response.streaming:
        response.content = b"".join(response.streaming_content)
    return Seen(response)


def test_of_a_private_incident_nothing_is_on_any_page_of_who_may_not_see_it() -> None:
    incident, browser = a_private_incident(), Browser(all_but(PERMISSION))
    asked = [*addresses(), *others(incident)]
    leaks = [where for where in asked if WORD in read(browser, where).html]
    assert (leaks, len(asked) > 200) == ([], True)


def test_these_pages_show_it_to_who_may_see_it() -> None:
    """Else the test above would prove nothing."""
    incident, browser = a_private_incident(), Browser(make_admin())
    rows = (incident, incident.postmortem, incident.pages.get(), incident.alerts.get(), incident.action_items.get())
    telling = [changelist(model) for model in (*map(type, rows), Run)]
    telling += [row.get_absolute_url() for row in rows if hasattr(row, "get_absolute_url")]
    silent = ("/do/", "/autocomplete/", "?incident=", "/objectives/")  # these name the number, or nothing
    telling += [where for where in others(incident) if not any(part in where for part in silent)]
    assert [where for where in telling if WORD not in read(browser, where).html] == []


def own_addresses(incident: Incident) -> list[str]:
    run = Run.objects.get(kind="diagnosis")
    rows: list[Any] = [
        incident,
        incident.postmortem,
        incident.action_items.get(),
        incident.alerts.get(),
        incident.pages.get(),
    ]
    return [
        *[f"{changelist(type(row))}{row.pk}/{part}" for row in rows for part in ("change/", "history/")],
        *[door(incident, name) for name in ("acknowledge", "resolve", "roles", "note")],
        f"{changelist(Incident)}{incident.pk}/evidence/{WORD}.txt/",
        f"{changelist(Run)}{run.pk}/live/",
    ]


def test_its_own_addresses_are_not_found_like_those_of_no_incident() -> None:
    incident, browser = a_private_incident(), Browser(all_but(PERMISSION))
    found = {where: browser.get(where).status for where in own_addresses(incident)}
    assert set(found.values()) == {404}, found
    assert browser.get(f"{changelist(Incident)}999999/change/").status == 404
    assert browser.post(door(incident, "resolve"), reason="x").status == 404


def test_it_is_counted_nowhere() -> None:
    incident, browser = a_private_incident(), Browser(all_but(PERMISSION))
    source = incident.alerts.get().source
    for model in (Incident, PostMortem, Page):
        assert re.search(r"\b0 [a-z-]+s\b", browser.get(changelist(model)).one("p", "paginator").text), model
    row = next(each for each in browser.get(changelist(type(source))).all("td") if "field-firing" in each.classes)
    assert row.text == "0"
    assert SeverityRule.objects.count() == 4


def test_shown_again_it_is_there_for_everybody() -> None:
    incident, browser = a_private_incident(), Browser(all_but(PERMISSION))
    hiding.show(incident, make_admin(), "The keys are rotated.")
    assert WORD in browser.get(incident.get_absolute_url()).text
    assert WORD in browser.get(changelist(Incident)).text


def test_messages_that_wait_say_no_more_than_that_there_is_one() -> None:
    incident = a_private_incident()
    assert Page.objects.get().text == f"[Critical] {incident.environment.name}: A private incident (#{incident.pk})"
