"""Every operation, by the schema: who may call it, and that nobody else changes anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from smsops.api.registry import ROUTERS
from smsops.models import ApiToken, Scope
from tests.admin.browser import Browser, everything
from tests.api.calls import CALLS, Scene
from tests.api.programs import OPERATIONS, ROOT, Operation, Program
from tests.factories import make_admin, make_user, make_viewer

pytestmark = pytest.mark.django_db
every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
CHANGING = {name: each for name, each in OPERATIONS.items() if each.method != "get"}


def rows() -> dict[str, list[dict[str, Any]]]:
    """Everything but when tokens were used last."""
    found = everything()
    for row in found[ApiToken._meta.label]:
        row.pop("last_used_at")
    return found


def test_these_tests_know_every_operation() -> None:
    assert set(OPERATIONS) == set(CALLS)
    assert len(ROUTERS) >= 7


@every_operation
def test_it_says_which_scope_it_needs_and_which_permission(operation: Operation) -> None:
    assert operation.scope in Scope.values
    assert operation.permission or operation.name == "smsops_api_me_token"
    assert operation.told["security"] == [{"Bearer": []}]
    assert operation.scope != Scope.READ or operation.method == "get"


@every_operation
def test_who_may_and_has_the_scope_does_it(operation: Operation) -> None:
    path, body = CALLS[operation.name](Scene())
    answer = Program(scopes=[operation.scope]).send(operation.method, path, body)
    assert [str(answer.status_code)] == [code for code in operation.told["responses"] if code.startswith("2")]


@every_operation
def test_no_other_scope_opens_it(operation: Operation) -> None:
    path, body = CALLS[operation.name](Scene())
    program = Program(scopes=[scope for scope in Scope.values if scope != operation.scope])
    before = rows()
    answer = program.send(operation.method, path, body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert rows() == before


@every_operation
def test_an_owner_without_the_permission_is_refused(operation: Operation) -> None:
    path, body = CALLS[operation.name](Scene())
    program = Program(make_user())
    before = rows()
    allowed = 403 if operation.permission else 200
    assert program.send(operation.method, path, body).status_code == allowed
    assert rows() == before


@pytest.mark.parametrize("operation", CHANGING.values(), ids=CHANGING)
def test_a_viewers_token_changes_nothing_whatever_its_scopes(operation: Operation) -> None:
    path, body = CALLS[operation.name](Scene())
    program = Program(make_viewer())
    before = rows()
    assert program.post(path, body, key="again").status_code == 403
    for method in ("put", "patch", "delete"):
        sent = getattr(program.client, method)
        headers = {"Authorization": f"Bearer {program.text}"}
        assert sent(ROOT + path, "{}", content_type="application/json", headers=headers).status_code == 405
    assert rows() == before


@every_operation
def test_nobody_gets_in_without_a_token_not_even_who_is_signed_in(operation: Operation) -> None:
    path, _ = CALLS[operation.name](Scene())
    for client in (Client(), Browser(make_admin()).client):
        before = rows()
        answer = client.generic(operation.method.upper(), ROOT + path, "{}", content_type="application/json")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert rows() == before


@every_operation
def test_what_belongs_to_another_environment_is_not_there(operation: Operation) -> None:
    scene, elsewhere = Scene(), Scene()
    path, body = CALLS[operation.name](scene)
    answer = Program(environments=[elsewhere.school]).send(operation.method, path, body)
    if answer.status_code == 200:
        assert operation.told["x-scope"] == Scope.READ
        assert scene.school.name not in answer.content.decode()
    else:
        assert answer.status_code == 404
