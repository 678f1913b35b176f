"""SMS's clock: it writes naive local time everywhere, so a wrong clock or zone is in its data (sms-contract, 30)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from backups.services import schedule
from deployments.checks.base import CHECKLIST, PRECONDITIONS, Check, Result, Target, Verdict
from deployments.checks.registry import register
from smsops import health
from smsops.http import Answer

NOTICED, WRONG = timedelta(seconds=5), timedelta(seconds=60)
ZONE_STEP = timedelta(minutes=30)  # zones differ by whole multiples of it, but for three of them
FARTHEST = timedelta(hours=26)  # from UTC-12 to UTC+14


@register
class Clock(Check):
    key, title, section, stages, order = "clock", "Clock", "§1", (PRECONDITIONS, CHECKLIST), 35

    def run(self, target: Target) -> Result:
        answer = target.ask(health.LIVE)
        if not answer.ok:
            return self.skipped(f"SMS does not tell its time now ({answer.describe()}).")
        theirs = stamp_of(answer)
        if theirs is None:
            return self.warned(f"{health.LIVE} has no time in it.")
        zone = ZoneInfo(schedule.of(target.environment).time_zone)
        half = timedelta(seconds=answer.seconds / 2)
        off, shift = compared(theirs, timezone.now() - half, zone)
        if shift:
            said = f"SMS's clock shows {theirs:%H:%M}, {offset_text(shift)} the time in {zone.key}."
            return self.warned(said, "Set the time zone on the environment's page, or TZ in SMS's env file.")
        return self.judged(verdict_of(off, half), f"SMS's clock is {offset_text(off)} this machine's.", fix_of(off))


def stamp_of(answer: Answer) -> datetime | None:
    """When SMS says it is; None where it does not say."""
    try:
        return datetime.fromisoformat(str(health.unwrap(answer.json()).get("timestamp")))
    except ValueError:
        return None


def compared(theirs: datetime, now: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    """How far a clock is off, and by how much its zone is another one: a difference that is nearly a whole number of
    half hours is a zone. A time with a zone of its own has none of the second."""
    if theirs.tzinfo is not None:
        return theirs - now, timedelta()
    difference = theirs - now.astimezone(zone).replace(tzinfo=None)
    shift = round(difference / ZONE_STEP) * ZONE_STEP
    zoned = abs(difference - shift) < WRONG and abs(shift) <= FARTHEST
    return (difference - shift, shift) if zoned else (difference, timedelta())


def verdict_of(off: timedelta, unsure: timedelta) -> Verdict:
    """What a clock is worth that is off by so much, give or take half of what the question took."""
    sure = abs(off) - unsure
    return Verdict.FAIL if sure >= WRONG else Verdict.WARN if sure >= NOTICED else Verdict.PASS


def fix_of(off: timedelta) -> str:
    """What to do about it, where there is something to do."""
    return "Set both clocks by NTP." if abs(off) >= NOTICED else ""


def offset_text(off: timedelta) -> str:
    """`2.1 s behind`, `2 h ahead of`."""
    seconds = abs(off.total_seconds())
    if seconds < 0.5:
        return "within half a second of"
    amount = f"{seconds / 3600:g} h" if seconds >= 1800 and seconds % 1800 == 0 else f"{seconds:.1f} s"
    return f"{amount} {'behind' if off < timedelta() else 'ahead of'}"
