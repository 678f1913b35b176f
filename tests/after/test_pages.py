"""The pages of what follows an incident: what they show, to whom, and that nobody else changes anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.models import ActionItem, PostMortem
from smsops.models import Environment
from tests.admin.browser import Browser, Page, changelist, door, everything
from tests.after.conftest import at, days_ago, drafted, over, write
from tests.factories import make_action_item, make_admin, make_environment, make_user, make_viewer

pytestmark = pytest.mark.django_db

EVIL = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>"
MONTH = timezone.now().strftime("%Y-%m")


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:incidents_{name}", args=args)


def harmless(page: Page) -> bool:
    return not [each for each in page.elements if "onerror" in each.attributes] and "<script>alert(2)" not in page.html


def pages_of(found: PostMortem, item: ActionItem) -> list[str]:
    """Everything on which something of this post-mortem is shown."""
    place = found.incident.environment.name
    version = found.versions.order_by("pk").values_list("pk", flat=True)[0]
    return [
        found.get_absolute_url(), item.get_absolute_url(), found.incident.get_absolute_url(),
        changelist(PostMortem), changelist(ActionItem),
        address("postmortem_version", found.pk, version),
        address("objectives_month", place, found.incident.detected_at.strftime("%Y-%m")),
        address("search") + "?q=onerror",
    ]  # fmt: skip


def recent(environment: Environment, **fields: Any) -> PostMortem:
    times = {
        "detected_at": days_ago(2),
        "acknowledged_at": None,
        "mitigated_at": days_ago(1.99),
        "resolved_at": days_ago(1.98),
    }
    return drafted(environment, **{**times, **fields})


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
    answer = Browser(make_viewer()).client.get(address("postmortem_export", drafted(environment).pk, "pdf"))
    assert answer.status_code == 503
    assert answer.content.decode().startswith("PDF needs WeasyPrint")


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


def test_no_item_is_added_to_a_private_incident_by_who_may_not_see_it(environment: Environment) -> None:
    incident = over(environment, private=True)
    form = {"incident": str(incident.pk), "title": "x", "kind": "detect", "priority": "1", "check_days": "14"}
    browser = Browser(make_user("incidents.add_actionitem", "incidents.view_actionitem"))
    assert browser.post(address("actionitem_add"), **form).status == 200
    assert not ActionItem.objects.exists()


def test_mine_and_overdue_are_a_click_away(environment: Environment, ada: User) -> None:
    incident, viewer = over(environment), make_viewer()
    make_action_item(incident, title="Mine", owner=viewer)
    make_action_item(incident, title="Late", due_at=days_ago(1))
    browser = Browser(viewer)
    mine, late = (browser.get(changelist(ActionItem), whose=word).text for word in ("mine", "overdue"))
    assert ("Mine" in mine, "Late" in late, "Overdue since" in late) == (True, True, True)


def test_the_objectives_show_the_table_the_trend_and_the_drills(environment: Environment) -> None:
    recent(environment)
    recent(environment, drill=True, fingerprint="drill")
    page = Browser(make_viewer()).get(address("objectives_of", "school"))
    assert page.status == 200
    for said in ("≤ 20 min", "≥ 720 h", "1 drill, in no figure above.", "1 incident (1 critical), 1 failure"):
        assert said in page.text
    drawn = [each.attributes["aria-label"] for each in page.all("svg") if each.attributes.get("role") == "img"]
    assert len(drawn) == 4
    assert drawn[0].startswith("Mean time to repair, ")
    assert not [each for each in page.elements if "style" in each.attributes]


@pytest.mark.parametrize("asked", ["days=30", "days=365&by=month", "days=7", "days=x", "by=year"])
def test_any_window_that_is_asked_for_opens(environment: Environment, asked: str) -> None:
    assert Browser(make_viewer()).get(f"{address('objectives_of', 'school')}?{asked}").status == 200


@pytest.mark.parametrize("month", ["2026-13", "2026-1x", "x", "0000-01"])
def test_a_month_that_is_none_has_no_report(environment: Environment, month: str) -> None:
    assert Browser(make_viewer()).get(address("objectives_month", "school", month)).status == 404


def test_the_report_of_a_month_has_its_incidents_and_is_exported(environment: Environment) -> None:
    drafted(environment)
    browser = Browser(make_viewer())
    page = browser.get(address("objectives_month", "school", "2026-03"))
    assert "SMS does not answer" in page.text
    text = browser.client.get(address("objectives_month", "school", "2026-03"), {"as": "md"}).content.decode()
    assert text.startswith("# The school: March 2026")
    assert "| MTTR | yellow | ≤ 30 min | 30 min |" in text


def questions(browser: Browser, where: str) -> int:
    browser.get(where)  # the first one also looks up things that are kept
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(where).status == 200
    return len(asked)


def fill(environment: Environment, number: int) -> PostMortem:
    times = {
        "detected_at": days_ago(number % 28 + 0.2),
        "resolved_at": days_ago(number % 28 + 0.1),
        "acknowledged_at": None,
    }
    found = drafted(environment, fingerprint=f"n{number}", **times, mitigated_at=None)
    make_action_item(found.incident, owner=make_user())
    return found


def test_every_page_asks_as_many_questions_for_much_as_for_little(environment: Environment, ada: User) -> None:
    found, browser = fill(environment, 1), Browser(make_admin())
    where = [changelist(PostMortem), changelist(ActionItem), address("objectives"), address("objectives_of", "school"),
             address("objectives_month", "school", MONTH), address("search") + "?q=answer"]  # fmt: skip
    where.append(found.get_absolute_url())
    before = [questions(browser, each) for each in where]
    for number in range(2, 12):
        fill(make_environment() if number % 3 == 0 else environment, number)
        make_action_item(found.incident, owner=make_user())
        write(found, ada, luck=f"Luck {number}.")
    after = [questions(browser, each) for each in where]
    assert after == before
    assert max(after) <= 25


def test_a_timeline_of_five_thousand_lines_opens(environment: Environment) -> None:
    incident = over(environment)
    incident.timeline.bulk_create(
        [
            incident.timeline.model(incident=incident, kind="sign", text=f"refused {n}", at=at(n / 200))
            for n in range(5000)
        ]
    )
    from incidents.postmortems import drafting

    begun = drafting.begin(incident)
    drafting.measure(begun.pk)
    page = Browser(make_viewer()).get(begun.get_absolute_url())
    assert page.status == 200
    assert "refused 4999" in page.text


def test_the_incidents_own_page_leads_to_what_follows(environment: Environment) -> None:
    found = drafted(environment)
    make_action_item(found.incident, title="Watch the disk")
    page = Browser(make_viewer()).get(found.incident.get_absolute_url())
    assert found.get_absolute_url() in page.links
    assert "Watch the disk" in page.text


def test_the_button_drafts_one_for_a_lesser_incident(environment: Environment, ada: User) -> None:
    incident = over(environment, severity="medium")
    page = Browser(ada).post(door(incident, "draft-postmortem"), reason="")
    assert page.status == 302
    assert PostMortem.objects.get().measured["head"]["severity"] == "Medium"


def test_a_due_date_in_the_form_is_in_the_zone_people_live_in(environment: Environment, ada: User) -> None:
    found = drafted(environment)
    assert Browser(ada).post(door(found, "due"), due_at="2030-01-01T10:00", reason="The team is away.").status == 302
    assert timezone.localtime(PostMortem.objects.get().due_at).hour == 10
    assert PostMortem.objects.get().due_at - timezone.now() > timedelta(days=300)  # type: ignore[operator]


def test_what_is_overdue_is_on_the_dashboard_of_who_may_see_it(environment: Environment) -> None:
    make_action_item(over(environment), title="Watch the disk", due_at=days_ago(1))
    make_action_item(over(environment, private=True, fingerprint="p"), title="Rotate the keys", due_at=days_ago(1))
    page = Browser(make_viewer()).get(reverse("admin:index"))
    assert ("Watch the disk" in page.text, "Rotate the keys" in page.text) == (True, False)
    assert "Watch the disk" not in Browser(make_user("smsops.view_environment")).get(reverse("admin:index")).text
