"""What changed between two texts, and the pages that show it."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse

from incidents.runbook import notes
from incidents.runbook.notes import Place
from smsops.differences import ADDED, LEFT_OUT, REMOVED, between
from tests.admin.browser import Browser
from tests.factories import make_admin, make_environment, make_postmortem


def told(before: str, after: str) -> list[str]:
    return [f"{line.sign} {line.text}".rstrip() for line in between(before, after)]


def test_what_is_the_same_has_no_difference() -> None:
    assert between("a\nb", "a\r\nb\n") == []


def test_a_changed_line_is_taken_out_and_put_in_with_what_is_around_it() -> None:
    assert told("1\n2\n3\n4\n5", "1\n2\nthree\n4\n5") == ["  1", "  2", "\N{MINUS SIGN} 3", "+ three", "  4", "  5"]


def test_between_two_changes_what_stayed_is_left_out() -> None:
    lines = [str(number) for number in range(20)]
    kinds = [line.kind for line in between("\n".join(lines), "\n".join(["a", *lines[1:-1], "z"]))]
    assert kinds.count(LEFT_OUT) == 1
    assert (kinds.count(ADDED), kinds.count(REMOVED)) == (2, 2)


def test_two_long_texts_are_told_apart_at_once() -> None:
    begun = time.monotonic()
    assert between("a\n" * 100_000, "b\n" * 100_000)
    assert time.monotonic() - begun < 5


@pytest.mark.django_db
def test_a_version_of_a_post_mortem_shows_what_it_changed() -> None:
    postmortem = make_postmortem(state="approved", texts={"cause": "A full disk."}, version=2)
    postmortem.versions.create(number=1, texts={"cause": "Not known yet."})
    second = postmortem.versions.create(number=2, texts={"cause": "A full disk."})
    page = Browser(make_admin()).get(reverse("admin:incidents_postmortem_version", args=[postmortem.pk, second.pk]))
    assert "What it changed of version 1" in page.text
    assert page.one("del").text == "\N{MINUS SIGN} Not known yet."
    assert page.one("ins").text == "+ A full disk."


@pytest.mark.django_db
def test_a_version_of_a_note_shows_what_it_changed() -> None:
    user, environment = make_admin(), make_environment()
    place = Place(environment, "4.1")
    notes.write(place, "Ring the school first.", 0, user)
    notes.write(place, "Ring the school first.\nThen the host.", 1, user)
    page = Browser(user).get(reverse("admin:incidents_runbook_note", args=[environment.name, "4.1"]))
    assert [each.text for each in page.all("ins")] == ["+ Then the host."]
    assert not page.all("del")
