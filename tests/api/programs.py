"""Programs that use the API, each with a token of somebody's."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from smsops.api import site, tokens
from smsops.models import Environment, Scope
from tests.factories import make_admin

ROOT = f"/{site.ROOT}/"


class Program:
    """One that asks, by default for somebody who may do everything, with every scope."""

    def __init__(
        self,
        owner: User | None = None,
        scopes: Collection[str] = tuple(Scope.values),
        environments: Collection[Environment] = (),
    ) -> None:
        self.owner = owner or make_admin()
        self.token, self.text = tokens.create(self.owner, "CI", scopes, environments)
        self.client = Client()

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(ROOT + path, query, headers=self._headers())

    def post(self, path: str, body: Any = None, key: str = "", **headers: str) -> Any:
        sent = self._headers() | ({"Idempotency-Key": key} if key else {}) | headers
        data = body if isinstance(body, str) else json.dumps({} if body is None else body)
        return self.client.post(ROOT + path, data, content_type="application/json", headers=sent)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self.post(path, body) if method == "post" else self.get(path)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}


@dataclass(frozen=True)
class Operation:
    """One operation of the schema."""

    name: str
    method: str
    path: str
    told: dict[str, Any]

    @property
    def scope(self) -> str:
        return str(self.told["x-scope"])

    @property
    def permission(self) -> str:
        return str(self.told["x-permission"])


def operations() -> Iterator[Operation]:
    """Every operation the schema tells of."""
    for path, told in site.schema()["paths"].items():
        for method, each in told.items():
            yield Operation(each["operationId"], method, path.removeprefix(ROOT), each)


OPERATIONS = {each.name: each for each in operations()}
