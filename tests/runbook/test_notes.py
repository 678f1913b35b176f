"""Notes beside the sections: every version stays, and of two who write at once nobody's words are lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from incidents.models import RunbookNote
from incidents.runbook import notes
from incidents.runbook.notes import Overtaken, Place
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.admin.browser import Browser, Page, everything
from tests.factories import CANARY, make_environment, make_user, make_viewer
from tests.runbook.pages import address, opened, section

pytestmark = pytest.mark.django_db


def writer(**fields: Any) -> User:
    return make_user("smsops.view_environment", "incidents.write_runbook", **fields)


def form_of(school: Environment | None, number: str = "4.1") -> str:
    if school is None:
        return reverse("admin:incidents_runbook_general_note", args=[number])
    return reverse("admin:incidents_runbook_note", args=[school.name, number])


def send(school: Environment | None, text: str, base: int = 0, user: User | None = None) -> Page:
    return Browser(user or writer()).post(form_of(school), text=text, base=str(base))


def test_a_note_stands_beside_its_section_with_who_wrote_it() -> None:
    school, author = make_environment(), writer(username="ada")
    page = send(school, "Call the **head** first.", user=author)
    assert page.address == f"{address(school)}#s-4-1"
    shown = opened(school)
    assert "ada Call the head first." in section(shown, "4.1")
    assert "<strong>head</strong>" in shown.html
    assert "head first" not in section(shown, "4.2")


def test_the_head_and_the_change_log_tell_who_wrote_last() -> None:
    school = make_environment()
    assert "Last updated never" in opened(school).text
    send(school, "Call the head first.", user=writer(username="ada"))
    page = opened(school)
    assert re.search(r"Last updated (just now|\d+ s ago) ada", page.text)
    assert "§4.1 this one 1 ada" in section(page, "10")


def test_a_note_for_all_stands_in_each_runbook_and_one_environments_in_its_own() -> None:
    here, elsewhere = make_environment(), make_environment()
    send(None, "For all of us.")
    send(here, "Only here.")
    assert "For all of us." in section(opened(here), "4.1")
    assert "For all of us." in section(opened(None), "4.1")
    assert "Only here." not in opened(elsewhere).text
    assert "Only here." not in opened(None).text


def test_of_two_who_write_at_once_the_second_is_told_and_keeps_their_words() -> None:
    school = make_environment()
    send(school, "Mine, the first.", user=writer(username="ada"))
    page = send(school, "Mine, the second.")
    assert page.status == 409
    assert "ada has saved version 1 of this note since you began." in page.text
    assert "Mine, the first." in page.text
    assert page.one("textarea").text == "Mine, the second."
    assert RunbookNote.objects.get().text == "Mine, the first."


def test_who_has_read_the_others_words_may_replace_them_and_both_stay() -> None:
    school = make_environment()
    send(school, "Mine, the first.")
    page = send(school, "Mine, the second.")
    base = next(each.attributes["value"] for each in page.all("input") if each.attributes.get("name") == "base")
    assert send(school, "Both of us.", base=int(base)).status == 302
    assert [note.text for note in Place(school, "4.1").versions()] == ["Both of us.", "Mine, the first."]


def test_an_instant_decides_between_two_who_read_the_same_version() -> None:
    place = Place(make_environment(), "4.1")
    notes.write(place, "First.", 0, writer())
    with pytest.raises(Overtaken):
        notes._save(place, "Second.", 0, writer())
    assert [note.text for note in place.versions()] == ["First."]


def test_every_version_is_kept_and_can_be_begun_with_again() -> None:
    school, user = make_environment(), writer()
    send(school, "Once.", user=user)
    send(school, "Twice.", base=1, user=user)
    page = Browser(user).get(form_of(school), version="1")
    assert page.one("textarea").text == "Once."
    assert "Version 2" in page.text


def test_what_is_taken_out_is_gone_from_the_page_and_stays_among_the_versions() -> None:
    school = make_environment()
    send(school, "Once.")
    send(school, "", base=1)
    assert "Once." not in section(opened(school), "4.1")
    assert Place(school, "4.1").versions().count() == 2


def test_saving_what_is_there_already_makes_no_version() -> None:
    school = make_environment()
    send(school, "Once.")
    send(school, "Once.", base=1)
    assert RunbookNote.objects.count() == 1


def test_a_note_can_do_nothing_to_who_reads_it() -> None:
    school = make_environment()
    send(school, '<script>alert(1)</script> [x](javascript:alert(1)) <img src="x">')
    html = opened(school).html
    assert "<script>alert" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html


def test_a_password_in_a_note_is_not_kept() -> None:
    send(None, f"password={CANARY}")
    assert CANARY not in RunbookNote.objects.get().text


def test_too_long_a_note_is_said_beside_the_field_and_given_back() -> None:
    page = send(None, "x" * (notes.LONGEST + 1))
    assert "20000" in page.errors_of("")  # beside the field
    assert len(page.one("textarea").text) > notes.LONGEST
    assert not RunbookNote.objects.exists()


def test_a_section_the_paper_does_not_have_takes_no_note() -> None:
    assert Browser(writer()).get(form_of(None, "12")).status == 404
    with pytest.raises(WrongUse):
        notes.write(Place(None, "12"), "x", 0, writer())


@pytest.mark.parametrize("user", [make_viewer, lambda: make_user("incidents.write_runbook")], ids=["viewer", "blind"])
def test_who_may_not_write_changes_nothing(user: Any) -> None:
    school, browser = make_environment(), Browser(user())
    before = everything()
    for where in (form_of(school), form_of(None)):
        assert browser.get(where).status == 403
        assert browser.post(where, text="x", base="0").status == 403
    assert everything() == before
