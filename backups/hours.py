"""How often backups are due at which hour: a pure function of the hours, the days and the time (B1).

All moments are aware; hours and days are those of the school's own time zone, whatever the machine's is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True)
class Hours:
    """When the school works, and how often it is backed up then (`usual`) and otherwise (`quiet`).

    `days` are weekdays as Python counts them: Monday is 0. `holidays` are quiet all day.
    """

    zone: tzinfo
    usual: timedelta
    quiet: timedelta
    opens: time = time(7)
    closes: time = time(19)
    days: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()

    def open_at(self, moment: datetime) -> bool:
        """Whether the school works at that moment."""
        local = moment.astimezone(self.zone)
        if local.weekday() not in self.days or local.date() in self.holidays:
            return False
        return self.opens <= local.time() < self.closes

    def cadence(self, moment: datetime) -> timedelta:
        """The time between two backups, as it is at that moment."""
        return self.usual if self.open_at(moment) else self.quiet

    def next_due(self, last: datetime) -> datetime:
        """When the next backup is due after one that began at `last`."""
        moment = last + min(self.usual, self.quiet)
        while moment - last < self.cadence(moment):
            moment = min(last + self.cadence(moment), self._next_bell(moment))
        return moment

    def _next_bell(self, moment: datetime) -> datetime:
        """The next time the school may open or close."""
        today = moment.astimezone(self.zone).date()
        bells = [
            datetime.combine(day, at, self.zone)
            for day in (today, today + timedelta(days=1))
            for at in (self.opens, self.closes)
        ]
        return min(bell for bell in bells if bell > moment)
