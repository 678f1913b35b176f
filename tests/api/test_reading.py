"""Lists and single things: who sees which, in parts, at the same cost whatever their number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident
from tests.api.programs import Program
from tests.factories import (
    CANARY,
    SMOKE,
    make_backup,
    make_environment,
    make_incident,
    make_release,
    make_run,
    make_step,
    make_user,
    make_viewer,
    make_watch,
)

pytestmark = pytest.mark.django_db


def an_environment(number: int) -> None:
    environment = make_environment()
    make_watch(environment)
    make_backup(environment)
    make_incident(environment)
    make_run(environment, state="running")


LISTS: dict[str, Callable[[int], Any]] = {
    "runs": lambda number: make_step(make_run(actor=make_user())),
    "backups": lambda number: make_backup(),
    "releases": lambda number: make_release(make_environment(), installed=False),
    "incidents": lambda number: make_incident(acknowledged_by=make_user(), commander=make_user()),
    "environments": an_environment,
    "objectives": an_environment,
}
every_list = pytest.mark.parametrize("path", LISTS)


def cost(path: str, program: Program) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert program.get(path, limit=100).status_code == 200
    return len(captured)


@every_list
def test_thirty_rows_cost_as_many_queries_as_three(path: str) -> None:
    program = Program()
    cost(path, program)  # now it is known when it was used
    for number in range(3):
        LISTS[path](number)
    three = cost(path, program)
    for number in range(27):
        LISTS[path](number)
    assert len(program.get(path, limit=100).json()["items"]) == 30
    assert cost(path, program) == three
    assert three < 16


@every_list
def test_the_parts_of_a_list_are_the_whole_each_row_once(path: str) -> None:
    program = Program()
    for number in range(5):
        LISTS[path](number)
    whole = program.get(path).json()["items"]
    parts: list[dict[str, Any]] = []
    after: dict[str, int] = {}
    while True:
        part = program.get(path, limit=2, **after).json()
        parts += part["items"]
        after = {"after": part["next"]}
        if part["next"] is None:
            break
    assert len(parts) == 5
    stable = [{name: value for name, value in row.items() if "seconds" not in name} for row in parts]
    assert [str(row.get("run", row.get("environment"))) for row in stable] == [
        str(row.get("run", row.get("environment"))) for row in whole
    ]


@every_list
@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 101}, {"after": 0}, {"after": "x"}, {"environment": "a b"}])
def test_a_nonsensical_question_is_answered_with_a_sentence(path: str, asked: dict[str, Any]) -> None:
    answer = Program().get(path, **asked)
    assert (answer.status_code, bool(answer.json()["detail"])) == (422, True)


def test_an_environment_tells_how_it_is_and_nothing_secret() -> None:
    environment = make_environment(**SMOKE, database_url=f"postgresql://sms:{CANARY}@db/sms")
    make_watch(environment)
    backup = make_backup(environment)
    answer = Program().get(f"environments/{environment.name}")
    told = answer.json()
    assert (told["last_backup"], told["rpo_seconds"], told["incidents"]) == (backup.identifier, 3600, [])
    assert CANARY not in answer.content.decode()


def test_what_a_run_has_said_is_read_from_its_end_without_secrets() -> None:
    run = make_run()
    make_step(run, title="Take it", output=f"first\npassword={CANARY}\nlast")
    told = Program().get(f"runs/{run.pk}/log", lines=2).json()
    assert told["lines"] == ["[Take it] password=[redacted]", "[Take it] last"]
    assert CANARY not in str(told)


def a_reader(*more: str) -> User:
    user = make_viewer()
    return make_user(*more, *(f"{app}.{name}" for app, name in _views(user)))


def _views(user: User) -> list[tuple[str, str]]:
    return list(user.user_permissions.values_list("content_type__app_label", "codename"))


def test_a_private_incident_is_there_only_for_who_may_see_it() -> None:
    incident = make_incident(private=True, title="A leak")
    others, insider = Program(a_reader()), Program(a_reader("incidents.see_private_incident"))
    for program, expected in ((others, 404), (insider, 200)):
        assert program.get(f"incidents/{incident.pk}").status_code == expected
    assert "A leak" not in others.get("incidents").content.decode()
    assert others.get(f"environments/{incident.environment.name}").json()["incidents"] == []
    assert "A leak" in insider.get("incidents").content.decode()


def test_a_run_that_looks_at_a_private_incident_is_as_private() -> None:
    incident = make_incident(private=True)
    run = make_run(incident.environment, kind="evidence", params={"incident": incident.pk})
    others, insider = Program(a_reader()), Program(a_reader("incidents.see_private_incident"))
    assert [each.get(f"runs/{run.pk}").status_code for each in (others, insider)] == [404, 200]
    assert [len(each.get("runs").json()["items"]) for each in (others, insider)] == [0, 1]


def test_filters_choose() -> None:
    wanted, other = make_run(kind="deploy"), make_run()
    for asked in ({"kind": "deploy"}, {"environment": wanted.environment.name}):
        assert [row["run"] for row in Program().get("runs", **asked).json()["items"]] == [wanted.pk]
    assert [row["run"] for row in Program().get("runs", kind="backup").json()["items"]] == [other.pk]
    assert [row["run"] for row in Program().get("runs", state="succeeded").json()["items"]] == [other.pk, wanted.pk]
    assert Program().get("runs", state="running").json()["items"] == []


def test_good_backups_are_told_from_others() -> None:
    good, bad = make_backup(), make_backup(damage="bit rot")
    for asked, wanted in (("true", good), ("false", bad)):
        assert [row["number"] for row in Program().get("backups", good=asked).json()["items"]] == [wanted.pk]


def test_the_owner_has_an_incident_that_a_program_acknowledges_and_twice_changes_nothing() -> None:
    incident, program = make_incident(), Program()
    for _ in range(2):
        told = program.post(f"incidents/{incident.pk}/acknowledge", {"reason": "looking"})
        assert told.json()["acknowledged_by"] == program.owner.username
    assert Incident.objects.get(pk=incident.pk).timeline.filter(kind="state").count() == 1


def test_an_incident_that_is_over_is_not_acknowledged() -> None:
    incident = make_incident(state="closed")
    assert Program().post(f"incidents/{incident.pk}/acknowledge").status_code == 409
