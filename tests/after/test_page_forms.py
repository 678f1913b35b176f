"""What the forms of what follows an incident ask, refuse and do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import ActionItem, PostMortem
from smsops.models import Environment
from tests.admin.browser import Browser, door
from tests.after.conftest import drafted, over, write
from tests.after.pages import address
from tests.factories import make_admin, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["write", "submit", "due"])
def test_what_a_button_will_do_is_always_said(environment: Environment, ada: User, name: str) -> None:
    page = Browser(ada).get(door(write(drafted(environment), ada, cause="A full disk."), name))
    assert page.status == 200
    assert page.one("ul", "notes").text


def test_the_second_who_saves_is_shown_both_and_may_insist(environment: Environment, ada: User, bob: User) -> None:
    found = drafted(environment)
    write(found, ada, cause="A full disk.")
    browser, form = Browser(bob), {"base": "0", "seen": "0", "cause": "A slow network.", "reason": ""}
    page = browser.post(door(found, "write"), **form)
    assert page.status == 200
    assert "ada has changed “Why it happened”" in page.text
    assert "Theirs, under “Why it happened”: A full disk." in page.text
    assert "A slow network." in [each.text for each in page.all("textarea")]
    seen = next(each for each in page.all("input") if each.attributes.get("name") == "seen").attributes["value"]
    assert browser.post(door(found, "write"), **{**form, "seen": seen, "mine": "on"}).status == 302
    assert PostMortem.objects.get().texts == {"cause": "A slow network."}


def test_the_reviewer_has_to_answer_every_question(environment: Environment, ada: User, bob: User) -> None:
    found = write(drafted(environment), ada, cause="A full disk.")
    PostMortem.objects.update(state="in_review")
    yes = {f"check_{key}": "on" for key in ("data", "impact", "cause", "actions")}
    assert Browser(bob).post(door(found, "approve"), **yes).status == 200
    assert Browser(bob).post(door(found, "approve"), **yes, check_shared="on").status == 302
    assert PostMortem.objects.get().approved_by == bob


def test_an_item_that_is_added_is_due_and_has_a_history(environment: Environment, ada: User) -> None:
    incident = over(environment)
    form = {
        "incident": str(incident.pk),
        "title": "Watch the disk",
        "kind": "detect",
        "priority": "1",
        "check_days": "14",
    }
    browser = Browser(make_user("incidents.add_actionitem", "incidents.view_actionitem", username="eve"))
    assert browser.post(address("actionitem_add"), **form).status == 302
    item = ActionItem.objects.get()
    assert (item.created_by, item.state, item.due_at is not None) == ("eve", "todo", True)
    assert [entry.text for entry in item.entries.all()] == ["Added."]


def test_a_proof_that_needs_a_name_is_refused_without(environment: Environment) -> None:
    form = {"incident": str(over(environment).pk), "title": "x", "kind": "detect", "priority": "1", "check_days": "14"}
    page = Browser(make_admin()).post(address("actionitem_add"), **form, check_key="check")
    assert "Say which: the check's key, like “health”." in page.text
    assert not ActionItem.objects.exists()


def test_the_button_drafts_one_for_a_lesser_incident(environment: Environment, ada: User) -> None:
    incident = over(environment, severity="medium")
    page = Browser(ada).post(door(incident, "draft-postmortem"), reason="")
    assert page.status == 302
    assert PostMortem.objects.get().measured["head"]["severity"] == "Medium"


def test_a_due_date_in_the_form_is_in_the_zone_people_live_in(environment: Environment, ada: User) -> None:
    found, due = drafted(environment), f"{timezone.now() + timedelta(days=400):%Y-%m-%d}T10:00"
    assert Browser(ada).post(door(found, "due"), due_at=due, reason="The team is away.").status == 302
    assert timezone.localtime(PostMortem.objects.get().due_at).hour == 10
    assert PostMortem.objects.get().due_at - timezone.now() > timedelta(days=300)  # type: ignore[operator]
