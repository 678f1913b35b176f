"""Follows SMS's log for patterns: every line once, whoever follows and however often they are killed (I1).

A step reads the new lines, searches them, and writes how far it came together with what it found, in one transaction
that counts only if nobody was faster. Killed before it, the next step reads the same lines; after it, none of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from backups.vault.shelf import turn
from incidents import fingerprints
from incidents.detection import causes, hits, overrun
from incidents.detection.hits import Count
from incidents.expressions import searching
from incidents.models import Issue, LogPattern, LogPosition, Severity
from incidents.services import log_archive, log_places, log_redaction
from incidents.services.incidents import Sign
from smsops.environments.secrets import known_secrets
from smsops.models import Environment
from smsops.runtimes.base import Instance, LogLine, Runtime
from smsops.runtimes.docker_views import when
from smsops.runtimes.registry import looking_at

LINES = 2_000  # in one step; what is more waits for the next
PATIENCE = 20  # seconds for a piece of the log: the engine may have to search for its first line
LOOK_BACK = timedelta(minutes=1)  # of an instance nobody has followed yet

Found = dict[str, list[int] | str]


def patterns(environment: Environment) -> list[LogPattern]:
    """Those that are looked for there."""
    here = Q(environment=None) | Q(environment=environment)
    return list(LogPattern.objects.filter(here, enabled=True, stopped=""))


def take_turn(environment: Environment) -> int:
    """Take one step, unless somebody on this machine is at it: so an engine that hangs keeps one worker, not all."""
    with turn(log_archive.folder_of(environment), ".following") as mine:
        return follow(environment) if mine else 0


def follow(environment: Environment) -> int:
    """Take one step; how many new lines it took. OpsError when the engine is away or the machine is too busy."""
    wanted = patterns(environment)
    instance = looking_at(environment).inspect(environment.instance) if wanted else None
    if instance is None:
        return 0
    position, _ = LogPosition.objects.get_or_create(environment=environment)
    if position.instance_id != instance.id:
        _begin(position, instance)
    lines = _new(position, looking_at(environment, PATIENCE), environment.instance)
    if not lines:
        return 0
    found = searching.find({str(each.pk): each.expression for each in wanted}, [line.text for line in lines])
    log_places.advance(position, lines)
    return len(lines) if _write(position, wanted, lines, found) else 0


def _begin(position: LogPosition, instance: Instance) -> None:
    """Of an instance that is new here its first lines count, but not those of long ago."""
    since = max(instance.started_at or datetime.min.replace(tzinfo=UTC), timezone.now() - LOOK_BACK)
    since = max(since, overrun.last_end(position.environment) or since)  # what it said during our own change is ours
    position.instance_id, position.seen, position.taken_until = instance.id, [], ""
    position.overlap_from = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _new(position: LogPosition, runtime: Runtime, name: str) -> list[LogLine]:
    """The next lines that were not taken yet, oldest first. The end of the log is looked at first; only where it does
    not reach back to what was taken the whole log is."""
    border = position.overlap_from
    start = when(border + "Z")
    since = start and start - timedelta(milliseconds=1)
    lines = list(runtime.log_lines(name, since, LINES))
    if len(lines) >= LINES:
        lines = list(_upto(runtime.log_lines(name, since), position))
    left = log_places.taken(position)
    return [line for line in lines if line.at >= border and not log_places.known(left, line)]


def _upto(lines: Iterable[LogLine], position: LogPosition) -> Iterable[LogLine]:
    """Those that were taken already, and so many new ones."""
    return itertools.islice(lines, LINES + len(position.seen))


@transaction.atomic
def _write(position: LogPosition, wanted: list[LogPattern], lines: list[LogLine], found: Found) -> bool:
    """Whether nobody else took these lines meanwhile: then what they mean is said."""
    environment, before = position.environment, position.version
    secrets = known_secrets(environment) if any(found.values()) else []
    signs: list[Sign | None] = []
    excused, counts = bool(overrun.excuse(environment)), {}
    for pattern in wanted:
        key = str(pattern.pk)
        numbers, count = found.get(key, []), Count.of(position.hits.get(key))
        if isinstance(numbers, str):
            signs.append(_stop(pattern, numbers))
        elif numbers and not (excused and pattern.issue == Issue.SERVICE):
            fitting = log_redaction.redact_lines([lines[number] for number in numbers], secrets)
            signs.append(hits.add(pattern, count, fitting))
        counts[key] = vars(count)
    position.hits = counts
    values = {name: getattr(position, name) for name in ("instance_id", "overlap_from", "taken_until", "seen", "hits")}
    if not LogPosition.objects.filter(pk=position.pk, version=before).update(version=before + 1, **values):
        transaction.set_rollback(True)
        return False
    for sign in filter(None, signs):
        causes.report(environment, sign)
    return True


def _stop(pattern: LogPattern, why: str) -> Sign:
    """It is not looked for any more, and somebody hears of it: what it was to notice is not noticed."""
    LogPattern.objects.filter(pk=pattern.pk).update(stopped=why[:200])
    detail = f"{why} smsops looks for it no more; write it more simply and save it."
    title = f"The log pattern “{pattern.name}” was stopped"
    return Sign(fingerprints.PATTERN.of(pattern.pk), Severity.MEDIUM, title, detail, Issue.UNKNOWN)


def last_line(environment: Environment, pattern: LogPattern) -> datetime | None:
    """When SMS logged it last, as far as is remembered."""
    found = LogPosition.objects.filter(environment=environment).values_list("hits", flat=True).first() or {}
    return when(Count.of(found.get(str(pattern.pk))).last)
