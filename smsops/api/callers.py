"""Who calls: a token and its owner, and what both together may."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from smsops.api import tokens
from smsops.api.problems import Problem, missing
from smsops.api.shapes import Paged
from smsops.models import ApiToken, Environment, Scope, Trigger
from smsops.redact import redact
from smsops.runs.plan import By

M = TypeVar("M", bound=Model)
REALM = {"WWW-Authenticate": 'Bearer realm="smsops"'}
UNKNOWN = (
    "Send an API token as a bearer; this one is missing, unknown, expired or revoked, or its owner may not sign in, "
    "or the environments it was for are gone."
)


class Caller:
    """One token during one request. It may never do more than its owner, whose permissions are read for each call."""

    def __init__(self, token: ApiToken) -> None:
        self.token = token
        self.user: User = token.owner
        self.places: frozenset[int] = frozenset(token.environments.values_list("pk", flat=True))

    @property
    def stranded(self) -> bool:
        """Whether the environments the token was for are gone: then it opens nothing."""
        return self.token.limited and not self.places

    def require(self, scope: str, permission: str = "") -> None:
        """Raise Problem 403 where the token lacks the scope or its owner the permission (none named: none needed)."""
        if scope not in self.token.scopes:
            raise Problem(403, f"This token may not be used for that: it lacks the scope “{scope}”.")
        if permission and not self.user.has_perm(permission):
            raise Problem(403, f"{self.user.get_username()}, whose token this is, may not do that ({permission}).")

    def environment(self, name: str) -> Environment:
        """The environment of that name; Problem 404 where the token is not for it, as where it is not there."""
        found = self.within(Environment.objects.filter(name=name), "pk").first()
        if found is None:
            raise missing(f"environment “{name}”")
        return found

    def within(self, found: QuerySet[M], path: str = "environment_id") -> QuerySet[M]:
        """Those of these rows that are of the token's environments."""
        return found.filter(**{f"{path}__in": self.places}) if self.token.limited else found

    def chosen(self, found: QuerySet[M], asked: Paged, apart: Collection[str] = ()) -> QuerySet[M]:
        """Those of these rows whose fields are as was asked for; `apart` are words that are no fields. Problem 404
        where the token is not for the environment."""
        wanted: dict[str, Any] = asked.dict(exclude_none=True, exclude={*Paged.model_fields, *apart})
        if "environment" in wanted:
            wanted["environment"] = self.environment(wanted["environment"])
        return found.filter(**wanted)

    def by(self, reason: str, *, break_glass: bool = False, at_once: str = "") -> By:
        """As whom a run is asked for: the owner, whatever the token is called; which one it was is kept beside it."""
        if break_glass or at_once:
            self.require(Scope.GLASS)
        who, through = self.user.get_username(), f"{self.token.name} (smsops_{self.token.identifier})"
        return By(Trigger.API, self.user, who, redact(reason), break_glass, redact(at_once), redact(through))


def caller_of(request: HttpRequest) -> Caller:
    """Whoever sent the request; Problem 401 for nobody."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    token = tokens.find(text.strip()) if scheme.lower() == "bearer" else None
    caller = Caller(token) if token is not None else None
    if caller is None or caller.stranded:
        raise Problem(401, UNKNOWN, REALM)
    return caller


def the_caller(request: HttpRequest) -> Caller:
    """Whoever was let in."""
    found: Any = getattr(request, "caller", None)
    if not isinstance(found, Caller):
        raise Problem(401, UNKNOWN, REALM)
    return found
