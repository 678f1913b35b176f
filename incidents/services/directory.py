"""Everybody and every place that frozen levels name, looked up together: for a hundred as often as for one (I5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from incidents.models import Channel, Rota, Team
from incidents.services import recipients, rotas
from incidents.services.recipients import Named, Reached

Level = Mapping[str, Any]


class Directory:
    """Rows as they are now; whom a level names and who is not there any more is told of as a gap."""

    def __init__(self, levels: Iterable[Level]) -> None:
        wanted = list(levels)
        self.rotas = _rows(Rota.objects.prefetch_related(*rotas.WITH), "rotas", wanted)
        self.teams = _rows(Team.objects.prefetch_related("members__contacts"), "teams", wanted)
        self.users = _rows(get_user_model().objects.prefetch_related("contacts"), "users", wanted)
        self.channels = _rows(Channel.objects.all(), "channels", wanted)

    def reached(self, level: Level, severity: str, now: datetime) -> Reached:
        """Everybody the level names, as they are on call and reachable at that moment; nobody twice."""
        rows = [[known[number] for number in level[name] if number in known] for name, known in self._known()]
        found, teams, users, channels = rows
        named = Named(found, teams, users, channels, gone=len(users) < len(level["users"]))
        return recipients.reached(named, severity, now)

    def _known(self) -> Iterable[tuple[str, dict[int, Any]]]:
        return (("rotas", self.rotas), ("teams", self.teams), ("users", self.users), ("channels", self.channels))


def of_level(level: Level, severity: str, now: datetime) -> Reached:
    """The same of one level."""
    return Directory([level]).reached(level, severity, now)


def _rows(found: QuerySet[Any], name: str, levels: list[Level]) -> dict[int, Any]:
    numbers = {number for level in levels for number in level[name]}
    return found.in_bulk(numbers) if numbers else {}
