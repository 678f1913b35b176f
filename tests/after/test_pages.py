"""The pages of what follows an incident: what they show, and what leads from one to the other."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from incidents.models import ActionItem, PostMortem
from smsops.models import Environment
from tests.admin.browser import Browser, Page, changelist
from tests.after.conftest import days_ago, drafted, over, recent, write
from tests.after.pages import address, pages_of
from tests.factories import make_action_item, make_admin, make_viewer

pytestmark = pytest.mark.django_db

EVIL = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>"


def test_what_was_measured_and_what_people_say_stand_apart(environment: Environment, ada: User) -> None:
    found = drafted(environment)
    write(found, ada, cause="A **full** disk.", luck="")
    page = Browser(make_viewer()).get(found.get_absolute_url())
    written = page.one("section", "written")
    assert "A full disk." in written.text
    assert "full" in [each.text for each in page.all("strong")]
    assert "What would have made it worse" in written.text  # the hint, where nothing was written
    measured = " ".join(each.text for each in page.all("section", "measured"))
    assert "12 min" in measured
    assert "A full disk." not in measured.replace("The root cause is known: A **full** disk.", "")


def harmless(page: Page) -> bool:
    return not [each for each in page.elements if "onerror" in each.attributes] and "<script>alert(2)" not in page.html


def test_nothing_anybody_wrote_becomes_markup_anywhere(environment: Environment, ada: User) -> None:
    Environment.objects.filter(pk=environment.pk).update(title=EVIL)
    found = recent(Environment.objects.get(pk=environment.pk), title=EVIL, resolution=EVIL)
    found.incident.timeline.create(kind="note", text=EVIL, author=EVIL)
    write(found, ada, cause=EVIL, luck=EVIL, themes=EVIL)
    PostMortem.objects.update(review_note=EVIL)
    item = make_action_item(found.incident, title=EVIL, detail=EVIL, said=EVIL, check_key="no_relapse")
    item.entries.create(text=EVIL, author=EVIL)
    found.refresh_from_db()
    browser = Browser(make_admin())
    for where in pages_of(found, item):
        page = browser.get(where)
        assert page.status == 200
        assert "onerror=alert(1)" in page.text, where
        assert harmless(page), where


@pytest.mark.pdf
@pytest.mark.parametrize(("form", "begins"), [("md", b"# SMS does not answer"), ("pdf", b"%PDF-")])
def test_it_is_exported(environment: Environment, form: str, begins: bytes) -> None:
    found = drafted(environment)
    answer = Browser(make_viewer()).client.get(address("postmortem_export", found.pk, form))
    assert answer.content.startswith(begins)
    assert f"post-mortem-{found.incident_id}.{form}" in answer["Content-Disposition"]


def test_where_no_pdf_can_be_made_one_sentence_says_so(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incidents.documents.pdf.available", lambda: False)
    page = Browser(make_viewer()).get(address("postmortem_export", drafted(environment).pk, "pdf"))
    assert page.status == 503
    assert page.one("h1").text.startswith("PDF needs WeasyPrint")


def test_mine_and_overdue_are_a_click_away(environment: Environment, ada: User) -> None:
    incident, viewer = over(environment), make_viewer()
    make_action_item(incident, title="Mine", owner=viewer)
    make_action_item(incident, title="Late", due_at=days_ago(1))
    browser = Browser(viewer)
    mine, late = (browser.get(changelist(ActionItem), whose=word).text for word in ("mine", "overdue"))
    assert ("Mine" in mine, "Late" in late, "Overdue since" in late) == (True, True, True)


def test_the_incidents_own_page_leads_to_what_follows(environment: Environment) -> None:
    found = drafted(environment)
    make_action_item(found.incident, title="Watch the disk")
    page = Browser(make_viewer()).get(found.incident.get_absolute_url())
    assert found.get_absolute_url() in page.links
    assert "Watch the disk" in page.text
