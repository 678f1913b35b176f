"""Who sees the pages of what follows an incident, and that nobody else changes anything."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from incidents.models import ActionItem
from smsops.models import Environment
from tests.admin.browser import Browser, door, everything
from tests.after.conftest import days_ago, drafted, over, recent, write
from tests.after.pages import address, pages_of
from tests.factories import make_action_item, make_admin, make_user, make_viewer

pytestmark = pytest.mark.django_db


def test_a_private_post_mortem_is_nowhere_for_who_may_not_see_it(environment: Environment, ada: User) -> None:
    found = recent(environment, title="Keys were stolen", private=True)
    write(found, ada, cause="The keys lay open.")
    item = make_action_item(found.incident, title="Rotate the stolen keys")
    browser, everywhere = Browser(make_viewer()), pages_of(found, item)
    for where in [
        *everywhere,
        address("search") + "?q=stolen",
        address("objectives"),
        address("postmortem_export", found.pk, "md"),
    ]:
        if where != found.incident.get_absolute_url():
            assert "stolen" not in browser.get(where).text.replace("stolen” ", ""), where
    for where in (found.get_absolute_url(), item.get_absolute_url()):
        assert browser.get(where).status in (302, 404)


def test_who_may_only_look_changes_nothing_whatever_they_send(environment: Environment, ada: User) -> None:
    found = write(drafted(environment), ada, cause="A full disk.")
    item = make_action_item(found.incident)
    browser, before = Browser(make_viewer()), everything()
    for target, name in [(found, "write"), (found, "submit"), (found, "due"), (item, "finish"), (item, "drop")]:
        assert browser.post(door(target, name), reason="x", base="0", seen="0", cause="Mine.").status == 403
    for where in pages_of(found, item):
        browser.post(where, title="changed", state="done", _save="Save")
    assert everything() == before


def test_looking_at_anything_changes_nothing(environment: Environment, ada: User) -> None:
    found = write(recent(environment), ada, cause="A full disk.")
    browser, before = Browser(make_admin()), everything()
    where = [
        *pages_of(found, make_action_item(found.incident)),
        address("objectives"),
        address("objectives_of", "school"),
    ]
    before = everything()
    for each in where:
        browser.get(each)
    assert everything() == before


@pytest.mark.parametrize("name", ["objectives", "search"])
def test_pages_are_closed_without_the_permission(name: str) -> None:
    assert Browser(make_user()).get(address(name)).status == 403


def test_no_item_is_added_to_a_private_incident_by_who_may_not_see_it(environment: Environment) -> None:
    incident = over(environment, private=True)
    form = {"incident": str(incident.pk), "title": "x", "kind": "detect", "priority": "1", "check_days": "14"}
    browser = Browser(make_user("incidents.add_actionitem", "incidents.view_actionitem"))
    assert browser.post(address("actionitem_add"), **form).status == 200
    assert not ActionItem.objects.exists()


def test_what_is_overdue_is_on_the_dashboard_of_who_may_see_it(environment: Environment) -> None:
    make_action_item(over(environment), title="Watch the disk", due_at=days_ago(1))
    make_action_item(over(environment, private=True, fingerprint="p"), title="Rotate the keys", due_at=days_ago(1))
    page = Browser(make_viewer()).get(reverse("admin:index"))
    assert ("Watch the disk" in page.text, "Rotate the keys" in page.text) == (True, False)
    assert "Watch the disk" not in Browser(make_user("smsops.view_environment")).get(reverse("admin:index")).text
