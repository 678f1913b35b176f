"""The search: incidents by words in them, in their timelines and post-mortems, the best first."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.searching import hits, search, vectors
from incidents.searching.sources import SOURCES, Source
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.after.conftest import WRITES, drafted, over, write
from tests.factories import make_admin, make_user

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="it is PostgreSQL's own full text")


def found(asked: str, user: User | None = None) -> list[tuple[int, str]]:
    return [(each.incident.pk, each.where) for each in search.find(asked, user)]


def hit(asked: str) -> str:
    """The text it was found by, the words in brackets."""
    (each,) = search.find(asked, None)
    return "".join(f"[{piece.text}]" if piece.hit else piece.text for piece in each.pieces)


def test_it_finds_by_title_timeline_and_post_mortem(environment: Environment, ada: User) -> None:
    title = over(environment, title="The disk is full")
    line = over(environment)
    line.timeline.create(kind="note", text="The disk had 3 MB left.")
    written = drafted(environment)
    write(written, ada, themes="Nobody watches a disk.")
    assert found("disk") == [(title.pk, "Incident"), (written.incident_id, "Post-mortem"), (line.pk, "Timeline")]


def test_every_word_has_to_be_there(environment: Environment) -> None:
    over(environment, title="The disk is full")
    both = over(environment, title="The network is down, the disk is full")
    assert found("disk network") == [(both.pk, "Incident")]
    assert found("disk volcano") == []


def test_an_incident_with_many_hits_comes_once_by_its_best(environment: Environment) -> None:
    incident = over(environment, title="The disk is full")
    for number in range(5):
        incident.timeline.create(kind="sign", text=f"disk {number}")
    assert found("disk") == [(incident.pk, "Incident")]


def test_the_hit_is_shown_with_what_is_around_it(environment: Environment) -> None:
    incident = over(environment)
    incident.timeline.create(kind="note", text=f"{'before ' * 40}the DISK was full {'after ' * 40}")
    assert "[DISK] was full" in hit("disk")
    assert len(hit("disk")) < 400


def test_signs_that_mean_something_to_databases_mean_nothing(environment: Environment) -> None:
    over(environment, title="100% of it, 'quoted' and \\escaped_")
    for asked in ("%", "_", "'; DROP TABLE incidents_incident; --", "a & | ! ( ) :*", '"', "\x00"):
        search.find(asked, None)
    assert len(found("100%")) == 1


def test_private_incidents_are_found_by_nobody_who_may_not_see_them(environment: Environment) -> None:
    incident = over(environment, title="Keys were stolen", private=True)
    incident.timeline.create(kind="note", text="stolen at night")
    assert found("stolen", make_user(*WRITES)) == []
    assert found("stolen", make_admin()) == [(incident.pk, "Incident")]


def test_post_mortems_are_searched_only_for_who_may_see_them(environment: Environment, ada: User) -> None:
    write(drafted(environment), ada, luck="A cleaner pulled the plug.")
    assert found("cleaner", make_user("incidents.view_incident")) == []
    assert len(found("cleaner", ada)) == 1


def test_more_words_than_make_sense_are_refused() -> None:
    with pytest.raises(WrongUse, match="at most 10 words"):
        search.find("a " * 11 + "b c d e f g h i j k l", None)
    assert search.find("   ", None) == []


def test_it_asks_four_questions_whatever_is_found(environment: Environment) -> None:
    for number in range(30):
        over(environment, title=f"The disk is full {number}").timeline.create(kind="note", text="disk")
    with CaptureQueriesContext(connection) as asked:
        assert len(search.find("disk", None)) == 30
    assert len(asked) == 4


@on_postgresql
def test_of_a_word_that_most_have_the_newest_are_compared(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 3)
    every = [over(environment, title=f"The disk is full {number}") for number in range(5)]
    assert {number for number, _ in found("disk")} == {each.pk for each in every[2:]}
    assert found("disk 0") == [(every[0].pk, "Incident")]


def test_marks_of_the_database_become_pieces_and_never_markup() -> None:
    pieces = hits.marked(f"<b>{hits.BEGIN}disk{hits.END}</b>")
    assert [(piece.text, piece.hit) for piece in pieces] == [("<b>", False), ("disk", True), ("</b>", False)]


@on_postgresql
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.key))
def test_the_words_are_looked_up_in_an_index(source: Source) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")  # faster for so few rows
    query = SearchQuery("disk", config=vectors.CONFIG, search_type="plain")
    assert f"Bitmap Index Scan on {source.key}_words" in search.fitting(source, query, None).order_by("-rank").explain()


@on_postgresql
def test_a_text_with_too_many_words_for_an_index_is_found_by_its_beginning(
    environment: Environment,
) -> None:
    incident = over(environment)
    incident.timeline.create(kind="note", text="volcano " + " ".join(f"word{number}" for number in range(200_000)))
    assert found("volcano") == [(incident.pk, "Timeline")]
    assert found("word199999") == []
