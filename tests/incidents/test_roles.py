"""Commander, scribe, communications: taken, given, handed over, laid down."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from incidents.models import Incident, Page
from incidents.services import incidents, lifecycle, roles
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.factories import make_user
from tests.incidents.conftest import LATE


@pytest.fixture
def incident(environment: Environment) -> Incident:
    return incidents.report(environment, LATE)[0]


@pytest.fixture
def lead(db: None) -> User:
    return make_user(roles.ASSIGN, username="lead")


def last(incident: Incident) -> tuple[str, str]:
    entry = incident.timeline.latest("pk")
    return entry.text, entry.author


def test_a_role_is_taken_handed_over_and_laid_down(incident: Incident, somebody: User) -> None:
    bob = make_user(username="bob")
    assert roles.give(incident, "commander", somebody, somebody)
    assert last(incident) == ("Commander: ada.", "ada")
    roles.give(incident, "commander", bob, somebody, "My shift is over.")
    assert last(incident) == ("Commander: bob, before ada. My shift is over.", "ada")
    roles.give(incident, "commander", None, bob)
    assert last(incident) == ("Commander: nobody, before bob.", "bob")
    assert Incident.objects.get().commander is None


def test_who_takes_a_role_from_somebody_says_why(incident: Incident, somebody: User, lead: User) -> None:
    roles.give(incident, "scribe", lead, lead)
    with pytest.raises(WrongUse, match=r"^lead is scribe: say why you take that\.$"):
        roles.give(incident, "scribe", somebody, somebody)
    assert roles.give(incident, "scribe", somebody, somebody, "She does not answer.")


def test_only_who_may_assign_gives_a_role_to_another(incident: Incident, somebody: User, lead: User) -> None:
    bob = make_user(username="bob")
    with pytest.raises(WrongUse, match="only who may give roles"):
        roles.give(incident, "communications", bob, somebody)
    assert roles.give(incident, "communications", bob, lead)
    with pytest.raises(WrongUse, match="only who may give roles"):
        roles.give(incident, "communications", None, somebody)
    assert Incident.objects.get().communications == bob


def test_nobody_gets_a_role_who_cannot_have_it(incident: Incident, lead: User) -> None:
    with pytest.raises(WrongUse, match="gone may not sign in"):
        roles.give(incident, "scribe", make_user(username="gone", is_active=False), lead)
    Incident.objects.update(private=True)
    with pytest.raises(WrongUse, match="bob may not see this incident"):
        roles.give(incident, "scribe", make_user(username="bob"), lead)
    lifecycle.resolve(incident, "Over.")
    with pytest.raises(WrongUse, match="nobody needs a role"):
        roles.give(incident, "scribe", lead, lead)


def test_who_is_given_a_role_is_told_and_who_takes_one_is_not(incident: Incident, lead: User) -> None:
    bob = make_user(username="bob", email="bob@school.example")
    User.objects.filter(pk=lead.pk).update(email="lead@school.example")
    roles.give(incident, "scribe", User.objects.get(pk=lead.pk), lead)
    roles.give(incident, "commander", bob, lead)
    page = Page.objects.get()
    assert (page.user, "You are commander now, says lead" in page.text) == (bob, True)


def test_several_roles_are_given_together_or_not_at_all(incident: Incident, somebody: User, lead: User) -> None:
    with pytest.raises(WrongUse):
        roles.give_all(incident, {"commander": somebody, "scribe": lead}, somebody)
    found = Incident.objects.get()
    assert (found.commander, found.scribe) == (None, None)
    assert roles.give_all(found, {"commander": lead, "scribe": None}, lead) == ["commander"]
