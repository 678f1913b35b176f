"""Each response is a button and a command, and both ask for the same."""

from __future__ import annotations

import shlex

import pytest

from incidents.responses.known import RESPONSES
from smsops.management.commands.ops import Command
from smsops.models import Environment
from tests.factories import make_incident, make_release


@pytest.mark.parametrize("params", [{}, {"version": "1.17.0", "memory_mb": 1024}], ids=["plain", "filled in"])
def test_the_command_of_every_response_is_one_that_ops_knows(
    environment: Environment, params: dict[str, object]
) -> None:
    incident, parser = make_incident(environment), Command().create_parser("manage.py", "ops")
    said = [shlex.split(response.typed(incident, params)) for response in RESPONSES.values()]
    asked = [parser.parse_args(words) for _, *words in said]
    assert {words[0] for words in said} == {"ops"}
    assert {each.environment for each in asked} == {environment.name}


@pytest.mark.parametrize(
    ("key", "query", "command"),
    [
        ("more_memory", "memory_mb=1024", "ops recreate demo --memory-mb 1024"),
        ("rollback_code", "strategy=code&version=1.17.0", "ops rollback demo --strategy code --to 1.17.0"),
        ("rollback", "version=1.17.0", "ops rollback demo --to 1.17.0"),
        ("deploy", "release={release}", "ops deploy demo 1.17.0"),
        ("restore", "", "ops restore demo --backup latest"),
    ],
)
def test_what_fills_the_button_is_in_the_command(environment: Environment, key: str, query: str, command: str) -> None:
    incident, release = make_incident(environment), make_release(environment, "1.17.0", installed=False)
    params = {"memory_mb": 1024, "version": "1.17.0"}
    assert RESPONSES[key].url(incident, params).partition("?")[2] == query.format(release=release.pk)
    assert RESPONSES[key].typed(incident, params) == command
