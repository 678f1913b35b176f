"""The clock in words: for the page, the command, and the message that wakes somebody."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from incidents.clock.reading import Clock, State
from incidents.clock.ways import Way
from smsops.models import RunState
from smsops.text import count_text, seconds_text

NOBODY = "nobody is named"
UNWATCHED = "Nobody has looked at SMS lately: whether it answers is not known. Are the worker and beat running?"


def at(moment: datetime | None, seconds: bool = False) -> str:
    """`03:14`, with its day where that is another one. Without its seconds it is never later than it says."""
    if moment is None:
        return ""
    local, today = timezone.localtime(moment), timezone.localdate()
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return clock if local.date() == today else f"{local:%m-%d} {clock}"


def left(seconds: float) -> str:
    """`11:40`, `1:05:10`."""
    minutes, rest = divmod(int(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def head(clock: Clock) -> str:
    """What is left, in a sentence that is true at the moment it names."""
    minutes = clock.incident.environment.rto_minutes
    span = seconds_text(int(abs(clock.left)))
    what = (
        f"{span} left of the RTO ({minutes} min)" if clock.left >= 0 else f"The RTO ({minutes} min) is over by {span}"
    )
    return f"{what}, reckoned at {at(clock.now, seconds=True)}."


def since(clock: Clock) -> str:
    """From when it counts."""
    incident = clock.incident
    known = f"it began at {at(incident.began_at, seconds=True)}" if incident.began_at else "when it began is not known"
    return f"Counted from {at(incident.detected_at, seconds=True)}, when it was noticed; {known}."


def verdict(way: Way) -> str:
    """Whether it can be taken, in two words."""
    if way.fits:
        return "Still fits"
    return "Too late" if way.open else "Not known" if way.open is None else "Not open"


def fit(way: Way) -> str:
    """Whether it still fits, and until when."""
    until = at(way.fits_until)
    if way.fits:
        return f"still fits if begun by {until}"
    if not way.open:
        return ""
    minutes = round((way.ends_at - way.deadline).total_seconds() / 60)
    late = f"{minutes} min" if minutes else "under a minute"
    return f"does not fit any more (since {until}): it may end {late} after the RTO"


def price(way: Way) -> list[str]:
    """What it would lose, in sentences."""
    costs = list(way.found.get("costs", []))
    if way.back_to is not None:
        work = seconds_text(60 * int(way.lost_seconds // 60)) if way.lost_seconds >= 60 else "under a minute"
        return [f"Loses what was written since {at(way.back_to)} ({work}).", *costs]
    return costs or ["Loses no data."]


def record(way: Way) -> str:
    """How often it helped against this cause here; empty where it was never tried."""
    return f"Against this cause it {way.record.text}." if way.record.tried else ""


def progress(clock: Clock) -> str:
    """When what is under way will be over, against the RTO."""
    doing = clock.under_way
    if doing is None:
        return ""
    if doing.run.started_at is None:
        return "It waits for a worker."
    if doing.expected is None:
        return "How long it takes is not known: it was never done here."
    half, most = (doing.run.started_at + timedelta(seconds=each) for each in (doing.expected.half, doing.expected.most))
    known = f"Expected: {doing.expected.text}"
    if clock.now > most:
        return f"{known}. It takes longer than was expected at the most."
    end = at(half, seconds=True) if clock.now <= half else at(most, seconds=True)
    kept = "within the RTO" if most <= clock.deadline else "perhaps after the RTO" if half <= clock.deadline else (
        "after the RTO")  # fmt: skip
    return f"{known}; so it ends at about {end}, at the most at {at(most, seconds=True)}: {kept}."


def comeback(clock: Clock) -> str:
    """That SMS answers again, and why, as far as smsops knows."""
    back = clock.comeback
    if back is None:
        return ""
    if back.always:
        return "SMS answers, and did so whenever it was asked since before this was noticed."
    kept = "within" if back.since <= clock.deadline else "outside"
    span = max(0.0, (back.since - clock.incident.detected_at).total_seconds())
    when = f"{at(back.since, seconds=True)}, {seconds_text(span)} after it was noticed"
    return f"SMS answers again since {when}, {kept} the RTO."


def over(clock: Clock) -> str:
    """When users were served again, against the RTO."""
    incident = clock.incident
    served = incident.mitigated_at or incident.resolved_at
    if served is None:
        return ""
    span = (served - incident.detected_at).total_seconds()
    kept = "within" if served <= clock.deadline else "outside"
    return f"Served again at {at(served, seconds=True)}, {seconds_text(span)} after it was noticed: {kept} the RTO."


def undone(clock: Clock) -> str:
    """What was and what was not done for that."""
    back, run = clock.comeback, clock.incident.run
    if back is not None and back.after is not None:
        last = back.after.run
        return f"Before that: “{last.title}”, {last.get_state_display().lower()}; {back.after.sentence}."
    if run is not None and run.state == RunState.UNDONE:
        return f"“{run.title}” was undone by smsops."
    return "No way back was taken: nothing was restarted, rolled back or restored by smsops."


def too_late(clock: Clock) -> list[str]:
    """What to do when nothing fits any more, in sentences; none while something does, or while nobody knows."""
    way = clock.choice.way
    if clock.choice.fits or not any(each.open is not None for each in clock.ways):
        return []
    person = clock.incident.communications
    who = person.get_full_name() or person.get_username() if person is not None else NOBODY
    told = [f"Tell those who wait, now and with a time (communications: {who})."]
    if way is None:
        return ["No way back is open.", *told, "Look at what stands against each below, and call for help."]
    return ["No way fits into the RTO any more.", *told, f"Take the fastest all the same: {way.kind.title}."]


def advice(clock: Clock) -> str:
    """The recommended way in one line, for a message; empty where none fits, or none is needed."""
    way = clock.choice.way
    if way is None or not clock.choice.fits or clock.state != State.RUNNING:
        return ""
    return f"Way back: {way.kind.title}, {way.expected.text}; {fit(way)}."


def seen(clock: Clock) -> str:
    """How old what is said of the ways is."""
    row = clock.reckoning
    if row is None or row.looked_at is None:
        return "What is open, and what it would cost, is being looked up; this takes a few seconds."
    said = (
        f"What is open, and what it costs, was looked up at {at(row.looked_at, seconds=True)} in {row.seconds:.1f} s."
    )
    missing = [way for way in clock.ways if way.found.get("problem")]
    if missing:
        said += f" Not everything could be: {count_text(len(missing), 'way')} as seen before, or not known."
    return said


def problem(way: Way) -> str:
    """Why what is said of it is old, or not known."""
    why = way.found.get("problem", "")
    if not why:
        return "" if way.found else "It has not been looked at yet."
    seen_at = way.found.get("at")
    old = f"This was seen at {at(datetime.fromisoformat(seen_at), seconds=True)}; since then: " if seen_at else ""
    return f"{old}{why}" if old else f"Not known: {why}"
