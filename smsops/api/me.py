"""What a token is told of itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from smsops.api.callers import the_caller
from smsops.api.registry import needs
from smsops.models import Scope

router = Router()


class TokenShape(Schema):
    """A token, without the token. `environments` empty: all of them."""

    name: str
    owner: str
    scopes: list[Scope]
    environments: list[str]
    expires_at: datetime


@router.get("token", response=TokenShape, summary="This token", **needs(Scope.READ))
def token(request: HttpRequest) -> dict[str, Any]:
    found = the_caller(request).token
    names = found.environments.values_list("name", flat=True)
    return {
        "name": found.name,
        "owner": found.owner.get_username(),
        "scopes": found.scopes,
        "environments": list(names),
        "expires_at": found.expires_at,
    }
