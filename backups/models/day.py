"""When backups were taken, long after their runs are gone."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import models

from smsops.models import Environment
from smsops.text import count_text


def packed(seconds: Iterable[int]) -> bytes:
    """Whole seconds as four bytes each, the lowest first: what is in the column."""
    return _ordered(array("I", seconds)).tobytes()


def _ordered(found: array[int]) -> array[int]:
    if sys.byteorder == "big":
        found.byteswap()
    return found


class SecondsField(models.BinaryField):  # type: ignore[type-arg]
    """Whole seconds of a day, of which a page reads 280,000: written as text they take the database and Python many
    times as long. Reads as an array, takes any sequence."""

    def from_db_value(self, value: Any, *_: Any) -> array[int] | None:
        return None if value is None else _ordered(array("I", bytes(value)))

    def get_prep_value(self, value: Any) -> bytes | None:
        return value if value is None or isinstance(value, bytes) else packed(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def value_to_string(self, obj: models.Model) -> str:
        """In a dump they are numbers that can be read, as they were before they were packed."""
        return json.dumps(list(self.value_from_object(obj)))


class BackupDay(models.Model):
    """The backups of one day whose runs were let go of: `seconds` since its midnight, in UTC, at which each began. The
    figures of the RPO are counted from it for as long as the environment is there."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="backup_days")
    day = models.DateField()
    seconds = SecondsField(default=list)

    class Meta:
        default_permissions = ()  # it is on no page
        constraints = [models.UniqueConstraint(fields=["environment", "day"], name="one_row_per_day_of_backups")]

    def __str__(self) -> str:
        return f"{self.environment.name} {self.day}: {count_text(len(self.seconds), 'backup')}"

    @staticmethod
    def since_1970(day: date, seconds: Sequence[int]) -> Iterator[int]:
        """The same moments in seconds since 1970: a year has 35,000, so nothing is made of each but a number."""
        return map(int(datetime.combine(day, time(), UTC).timestamp()).__add__, seconds)
