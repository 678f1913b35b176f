"""The operations of the API: each room adds a router of its own, as it adds verbs to the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ninja import Router
from ninja.security import HttpBearer

from smsops.api.callers import Caller, the_caller
from smsops.audit.recording import record
from smsops.models.audit import Sort

ROUTERS: dict[str, Router] = {}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def add(routers: Mapping[str, Router]) -> None:
    """Make routers known; their operations stand under these names on the page that shows them."""
    ROUTERS.update(routers)


class Bearer(HttpBearer):
    """Lets those through whose token has the scope and whose owner has the permission."""

    openapi_description = "A token of somebody's, made on the page “My API tokens”."

    def __init__(self, scope: str, permission: str) -> None:
        super().__init__()
        self.scope, self.permission = scope, permission

    def authenticate(self, request: Any, token: str) -> Caller:
        caller = the_caller(request)
        caller.require(self.scope, self.permission)
        if request.method not in SAFE:  # ahead of what it changes, so that nothing is changed without an entry
            through = f"{caller.token.name} ({caller.token.identifier})"
            given = {"address": request.resolver_match.route, "through": through}
            record(f"api.{request.method.lower()}", sort=Sort.COMMAND, given=given)
        return caller


def needs(scope: str, permission: str = "") -> dict[str, Any]:
    """What every operation says of itself: the token's scope and its owner's permission. A test finds one without."""
    return {
        "auth": Bearer(scope, permission),
        "openapi_extra": {"x-scope": str(scope), "x-permission": permission},
    }
