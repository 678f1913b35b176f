"""What would happen if trouble began now: told before it begins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.models import Channel, Rota, RotaMember, Severity, Team
from incidents.services import gaps, policies, reach
from smsops.models import Environment
from tests.admin.browser import Browser
from tests.factories import make_admin
from tests.paging.people import contact, person, policy

pytestmark = pytest.mark.django_db
THREE = datetime(2026, 3, 4, 3, tzinfo=UTC)


def test_the_plan_says_who_is_paged_when_and_by_what(ada: User, bo: User) -> None:
    contact(ada, label="chat")
    team = Team.objects.create(name="CTO")
    team.members.add(bo)
    made = policy({"users": [ada]}, {"teams": [team], "after_minutes": 15, "condition": "unresolved"})
    lines = reach.plan(policies.freeze(made), Severity.CRITICAL, THREE)
    assert lines == ["03:00 ada by chat", "03:05 ada again", "03:15 CTO: bo by e-mail", "03:20 CTO: bo again"]
    assert reach.sentence(lines, 5).endswith("; and so on every 5 minutes until somebody acknowledges.")


def test_a_later_way_is_told_with_its_minutes(ada: User) -> None:
    contact(ada, label="chat")
    contact(ada, label="phone", after_minutes=3)
    (first, *_) = reach.plan(policies.freeze(policy({"users": [ada]})), Severity.CRITICAL, THREE)
    assert first == "03:00 ada by chat and phone after 3 min"


def test_what_only_a_fact_brings_is_told_apart(ada: User, bo: User) -> None:
    made = policy({"users": [ada]}, {"users": [bo], "condition": "integrity_failed"})
    assert (
        reach.plan(policies.freeze(made), Severity.CRITICAL, THREE)[-1] == "when an integrity check fails bo by e-mail"
    )


def test_a_level_without_anybody_is_told_and_the_next_one_comes_at_once(ada: User) -> None:
    made = policy({"rotas": [Rota.objects.create(name="On-call")]}, {"users": [ada], "after_minutes": 60})
    lines = reach.plan(policies.freeze(made), Severity.CRITICAL, THREE)
    assert lines[:2] == ["03:00 On-call: nobody, because nobody is on call in “On-call”", "03:00 ada by e-mail"]


def test_planning_changes_nothing_of_the_policy(ada: User) -> None:
    frozen = policies.freeze(policy({}, {"users": [ada], "after_minutes": 60}))
    reach.plan(frozen, Severity.CRITICAL, THREE)
    assert frozen["levels"][1]["after_minutes"] == 60


def test_a_policy_without_levels_says_so() -> None:
    assert reach.sentence(reach.plan(policies.freeze(policy()), Severity.LOW, THREE), 5).startswith("Nothing happens")


def test_when_everybody_is_reached_nothing_is_missing(ada: User) -> None:
    policy({"users": [ada]})
    found = gaps.find(timezone.now())
    assert (found.headline, found.more) == ("", [])


def test_without_a_policy_every_kind_of_trouble_reaches_nobody(environment: Environment) -> None:
    found = gaps.find(timezone.now())
    assert "“Security” at demo (no policy fits)" in found.headline
    assert len(found.nobody) == 4


def test_a_policy_whose_levels_are_all_empty_reaches_nobody(ada: User) -> None:
    rota = Rota.objects.create(name="On-call")
    policy({"rotas": [rota]}, {"teams": [Team.objects.create(name="CTO")]})
    assert gaps.find(timezone.now()).headline == "A page would reach nobody: “Everything”."
    RotaMember.objects.create(rota=rota, user=ada)
    assert gaps.find(timezone.now()).headline == ""
    assert gaps.find(timezone.now()).more == [
        "Level 2 of “Everything” can reach nobody: the team “CTO” has no members."
    ]


def test_a_channel_alone_wakes_nobody() -> None:
    policy({"channels": [Channel.objects.create(name="room", address="json://ops.example/")]})
    assert gaps.find(timezone.now()).nobody == ["“Everything”"]


def test_a_policy_that_never_comes_and_one_without_levels_are_named(ada: User) -> None:
    for issue in ("service", "data", "security", "unknown"):
        policy({"users": [ada]}, name=issue, issue=issue)
    policy({"users": [ada]}, name="Rest")
    policy(name="Empty", enabled=True, issue="service", environment=Environment.objects.create(name="x"))
    assert gaps.find(timezone.now()).more == [
        "“Empty” has no level: it is passed over.",
        "“Rest” is never used: closer ones fit whatever it would be for.",
    ]


def test_somebody_without_any_way_is_named(ada: User, bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(email="")
    policy({"users": [ada, bo]})
    assert gaps.find(timezone.now()).more == ["Level 1 of “Everything”: bo has no way to be reached."]


def test_the_dashboard_says_that_nobody_would_be_woken(ada: User) -> None:
    def told() -> str:
        answer = Browser(make_admin()).client.get(reverse("admin:incidents_dashboard_later"))
        return str(answer.json()["first"])

    assert "Nobody would be woken." in told()
    policy({"users": [ada]})
    assert "Nobody would be woken." not in told()


def test_looking_for_gaps_costs_as_many_queries_for_many_people_as_for_few(ada: User, bo: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            gaps.find(timezone.now())
        return len(captured)

    rota, team = Rota.objects.create(name="On-call"), Team.objects.create(name="CTO")
    RotaMember.objects.create(rota=rota, user=ada)
    team.members.add(bo)
    contact(ada)
    policy({"rotas": [rota], "teams": [team], "users": [ada]}, issue="data")
    few = asked()
    for number in range(5):
        user = person(f"p{number}")
        contact(user)
        RotaMember.objects.create(rota=rota, user=user)
        team.members.add(user)
        policy({"rotas": [rota], "teams": [team], "users": [user]}, name=f"More {number}", enabled=number == 0)
    assert asked() == few <= 18
