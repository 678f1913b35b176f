"""What people write: every version is kept, and of two who write at once nobody's words are lost."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from incidents.models import PostMortem, PostMortemState
from incidents.postmortems import writing
from incidents.postmortems.writing import Overtaken, Sent
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.after.conftest import drafted, write
from tests.smsops.crowd import together


def texts(postmortem: PostMortem) -> dict[str, str]:
    return dict(PostMortem.objects.get(pk=postmortem.pk).texts)


def test_every_version_is_kept_with_who_wrote_it(environment: Environment, ada: User, bob: User) -> None:
    found = drafted(environment)
    write(found, ada, cause="A full disk.")
    write(found, bob, cause="A log that only grows.")
    kept = [(each.number, each.author_name, each.texts["cause"]) for each in found.versions.all()]
    assert kept == [(2, "bob", "A log that only grows."), (1, "ada", "A full disk.")]


def test_saving_what_is_there_already_is_no_version(environment: Environment, ada: User) -> None:
    found = drafted(environment)
    write(found, ada, cause="A full disk.")
    write(found, ada, cause="A full disk.")
    assert found.versions.count() == 1


def test_the_cause_is_established_as_a_fact(environment: Environment, ada: User) -> None:
    found = drafted(environment)
    write(found, ada, cause="A full disk.\n\nNobody watched it.")
    fact = found.incident.facts.get(kind="cause_known")
    assert (fact.text, fact.by) == ("A full disk.", "ada")
    found.incident.refresh_from_db()
    assert found.incident.cause.startswith("A full disk.")


def test_two_who_write_in_different_sections_both_stand(environment: Environment, ada: User, bob: User) -> None:
    found = drafted(environment)
    write(found, ada, base=0, cause="A full disk.")
    saved = write(found, bob, base=0, luck="It was Sunday.")
    assert saved.texts == {"cause": "A full disk.", "luck": "It was Sunday."}


def test_the_second_in_the_same_section_is_told_and_loses_nothing(
    environment: Environment, ada: User, bob: User
) -> None:
    found = drafted(environment)
    write(found, ada, base=0, cause="A full disk.")
    with pytest.raises(Overtaken, match="ada has changed “Why it happened”"):
        write(found, bob, base=0, cause="A slow network.")
    assert texts(found) == {"cause": "A full disk."}
    assert found.versions.get(set_aside=True).texts == {"cause": "A slow network."}


def test_whoever_has_read_the_other_may_say_that_theirs_stands(environment: Environment, ada: User, bob: User) -> None:
    found = drafted(environment)
    write(found, ada, base=0, cause="A full disk.")
    writing.write(found.pk, Sent({"cause": "A slow network."}, base=0, over=1), bob)
    assert texts(found) == {"cause": "A slow network."}
    assert found.versions.filter(texts={"cause": "A full disk."}).exists()


def test_a_third_change_that_was_not_read_is_not_replaced(environment: Environment, ada: User, bob: User) -> None:
    found = drafted(environment)
    write(found, ada, base=0, cause="A full disk.")
    write(found, ada, cause="A log that only grows.")
    with pytest.raises(Overtaken):
        writing.write(found.pk, Sent({"cause": "A slow network."}, base=0, over=1), bob)
    assert texts(found) == {"cause": "A log that only grows."}


def test_of_eight_who_save_the_same_section_at_once_one_stands_and_all_are_kept(
    transactional_db: None, environment: Environment, ada: User
) -> None:
    found = drafted(environment)
    words = iter([f"Cause {number}." for number in range(8)])

    def save() -> str:
        try:
            writing.write(found.pk, Sent({"cause": next(words)}, base=0), ada)
        except Overtaken:
            return "told"
        return "saved"

    assert sorted(together(8, save)) == ["saved", *["told"] * 7]
    assert {each.texts["cause"] for each in found.versions.all()} == {f"Cause {number}." for number in range(8)}


def test_what_is_approved_is_not_written_in(environment: Environment, ada: User) -> None:
    found = drafted(environment)
    PostMortem.objects.update(state=PostMortemState.APPROVED)
    with pytest.raises(WrongUse, match="take it back to a draft"):
        write(found, ada, cause="Something else.")
    assert texts(found) == {}


def test_secrets_are_taken_out_and_unknown_sections_fall_away(environment: Environment, ada: User) -> None:
    found = drafted(environment)
    write(found, ada, cause="SECRET_KEY=abcdefgh was wrong", nonsense="x")
    assert "abcdefgh" not in texts(found)["cause"]
    assert "nonsense" not in texts(found)


def test_a_section_that_is_too_long_is_refused(environment: Environment, ada: User) -> None:
    with pytest.raises(WrongUse, match="50,000 are the most"):
        write(drafted(environment), ada, luck="x" * 50_001)
