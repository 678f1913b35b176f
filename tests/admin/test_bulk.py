"""One button for many rows: asked once, done to each as its own button does it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from backups.models import Backup
from incidents.models import ActionItem, Incident, IncidentState
from smsops.admin.actions import ActionForm, ReasonedForm
from smsops.admin.bulk import MOST, BulkMixin
from smsops.models import AuditEntry
from tests.admin.browser import Browser, Page, changelist, everything
from tests.admin.test_viewers import MAKE
from tests.factories import make_action_item, make_admin, make_backup, make_incident, make_user, make_viewer

pytestmark = pytest.mark.django_db
RESPONDER = ("incidents.view_incident", "incidents.acknowledge_incident")
PAGES = {model: page for model, page in admin.site._registry.items() if getattr(page, "in_bulk", ())}


def chosen(browser: Browser, rows: list[Any], action: str) -> Page:
    """Choose them in the list, and go where that leads."""
    numbers = [str(row.pk) for row in rows]
    page = browser.post(changelist(type(rows[0])), action=action, _selected_action=numbers, index="0")
    return browser.get(page.address) if page.status == 302 else page


def address(model: type[Model], name: str, rows: list[Any]) -> str:
    info = model._meta.app_label, model._meta.model_name
    return reverse("admin:{}_{}_do_all".format(*info), args=[name]) + "?rows=" + ",".join(str(row.pk) for row in rows)


def test_choosing_changes_nothing_and_says_what_will_happen_to_which() -> None:
    rows = [make_incident(title="One"), make_incident(title="Two", state=IncidentState.CLOSED)]
    browser = Browser(make_user(*RESPONDER))
    before = everything()
    page = chosen(browser, rows, "do_acknowledge")
    assert "It is yours: nobody else is paged now" in page.text
    assert "Chosen One" in page.text
    assert "Left out Two" in page.text
    assert "It is closed." in page.text
    assert everything() == before


def test_it_is_done_to_those_it_can_be_done_to() -> None:
    rows = [make_incident(), make_incident(), make_incident(state=IncidentState.CLOSED)]
    user = make_user(*RESPONDER)
    page = Browser(user).post(address(Incident, "acknowledge", rows), reason="all one cause")
    assert page.status == 302
    states = list(Incident.objects.order_by("pk").values_list("state", "acknowledged_by"))
    assert states == [("acknowledged", user.pk), ("acknowledged", user.pk), ("closed", None)]


def test_each_has_its_entry_in_the_audit_trail() -> None:
    rows = [make_incident(), make_incident()]
    Browser(make_user(*RESPONDER)).post(address(Incident, "acknowledge", rows), reason="all one cause")
    told = AuditEntry.objects.filter(action="incident.acknowledge").values_list("kind", "number", "reason")
    assert sorted(told) == sorted(("incident", str(row.pk), "all one cause") for row in rows)


def test_without_a_reason_nothing_is_done_where_one_is_wanted() -> None:
    rows = [make_backup(), make_backup()]
    browser = Browser(make_admin())
    page = browser.post(address(Backup, "pin", rows), reason=" ")
    assert "required" in page.errors_of("Reason")
    assert not Backup.objects.filter(pinned=True).exists()


def test_backups_are_kept_for_good_together() -> None:
    rows = [make_backup(), make_backup(), make_backup()]
    Browser(make_admin()).post(address(Backup, "pin", rows[:2]), reason="the audit")
    assert list(Backup.objects.order_by("pk").values_list("pinned", flat=True)) == [True, True, False]


def test_action_items_are_finished_together() -> None:
    rows = [make_action_item(state="todo"), make_action_item(state="todo")]
    Browser(make_admin()).post(address(ActionItem, "finish", rows), reason="the new disk is in")
    assert set(ActionItem.objects.values_list("state", flat=True)) == {"done"}


def test_a_private_incident_is_out_of_reach() -> None:
    secret, browser = make_incident(private=True), Browser(make_user(*RESPONDER))
    page = browser.post(address(Incident, "acknowledge", [secret]), reason="")
    secret.refresh_from_db()
    assert page.status == 302
    assert secret.state == IncidentState.OPEN


def test_more_than_one_reads_through_is_refused() -> None:
    place = make_incident().environment
    rows = [make_incident(place) for _ in range(MOST + 1)]
    page = chosen(Browser(make_user(*RESPONDER)), rows, "do_acknowledge")
    assert f"more than {MOST} at once" in page.text


@pytest.mark.parametrize("asked", ["", "?rows=", "?rows=x,²,-1", "?rows=" + "9" * 30, "?rows=999999"])
def test_who_chose_nothing_is_told_so(asked: str) -> None:
    where = reverse("admin:incidents_incident_do_all", args=["acknowledge"])
    browser = Browser(make_user(*RESPONDER))
    page = browser.get(browser.get(where + asked).address)
    assert "Nothing is chosen that this can be done to." in page.text


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_a_viewer_is_offered_nothing_and_does_nothing(model: type[Model]) -> None:
    page = PAGES[model]
    assert isinstance(page, BulkMixin)
    row, browser = MAKE[model](), Browser(make_viewer())
    before = everything()
    for name in page.in_bulk:
        assert browser.get(address(model, name, [row])).status == 403
        assert browser.post(address(model, name, [row]), reason="mine").status == 403
        assert chosen(browser, [row], f"do_{name}").status in (200, 404)
    assert not [
        each for each in browser.get(changelist(model)).all("select") if each.attributes.get("name") == "action"
    ]
    assert everything() == before


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_only_what_asks_for_no_more_than_a_reason_is_done_to_many(model: type[Model]) -> None:
    page = PAGES[model]
    assert isinstance(page, BulkMixin)
    found = [each for each in page.actions_of() if each.name in page.in_bulk]
    assert sorted(each.name for each in found) == sorted(page.in_bulk)
    assert all(each.form(target=None).fields.keys() == {"reason"} for each in found)
    assert all(issubclass(each.form, ActionForm | ReasonedForm) and each.tone != "danger" for each in found)


def test_another_button_is_not_done_to_many() -> None:
    where = reverse("admin:incidents_incident_do_all", args=["severity"])
    assert Browser(make_admin()).get(where).status == 404
