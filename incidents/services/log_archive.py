"""Takes SMS's output into an archive: every line once, redacted, packed, a file per instance and day (B16, §6.3).

A file grows by whole frames; the rows that say how far it counts, and how far the engine's log was taken, are written
together and last. Killed anywhere, the next one cuts off what does not count and takes the same lines again.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from datetime import date, timedelta
from pathlib import Path

import zstandard
from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from backups.engines.sqlite import fsync
from backups.vault.shelf import explained, turn
from incidents.models import LogFile, LogSource
from incidents.services import log_places, log_redaction
from smsops.belongings import hand_over
from smsops.environments.secrets import known_secrets
from smsops.models import Environment
from smsops.runtimes.base import Instance, LogLine, Runtime
from smsops.runtimes.docker_views import when
from smsops.runtimes.registry import looking_at

LONGEST = 45.0  # seconds at one go
PATIENCE = 45  # seconds for a piece of the log: the engine may have to search for its first line
BATCH = 20_000  # lines that are taken in one go
MARK = "[smsops] "  # begins lines of ours


def folder_of(environment: Environment) -> Path:
    """Where the archive of an environment is."""
    return Path(settings.SMSOPS_LOGS_DIR) / environment.name


def collect(environment: Environment, seconds: float = LONGEST) -> int:
    """Take the new lines of every instance, for so many seconds; how many there were. Nothing while another one is at
    it. OpsError when the engine is away or the disk is full. What was taken until then stays, and the next goes on."""
    end = time.monotonic() + seconds
    with turn(folder_of(environment), ".lock") as mine:
        if not mine:
            return 0
        found = instances(environment, looking_at(environment))
        runtime, secrets = looking_at(environment, PATIENCE), known_secrets(environment)
        count = sum(_collect(environment, runtime, each, secrets, end) for each in found)
        _note_the_gone(environment, {each.id for each in found})
        tidy(environment)
        return count


def instances(environment: Environment, runtime: Runtime) -> list[Instance]:
    """Every instance whose output counts: those smsops made, and whatever has SMS's name."""
    named = runtime.inspect(environment.instance)
    made = [each for each in runtime.instances() if "smsops.once" not in each.labels]
    return list({each.id: each for each in (*made, *([named] if named else []))}.values())


def _collect(environment: Environment, runtime: Runtime, instance: Instance, secrets: list[str], end: float) -> int:
    known = {"name": instance.name, "version": instance.version[:60]}
    source, _ = LogSource.objects.update_or_create(environment=environment, instance_id=instance.id, defaults=known)
    if source.complete and not instance.up:
        return 0  # it ended, was taken to its end, and did not run since
    border = source.overlap_from
    since = when(border.removesuffix("Z") + "Z") if border else None
    left, count, first = log_places.taken(source), 0, True
    before = left.total()
    with contextlib.closing(runtime.log_lines(instance.name, since and since - timedelta(milliseconds=1))) as lines:
        while batch := list(itertools.islice(lines, BATCH)):
            fresh = [line for line in batch if line.at >= border and not log_places.known(left, line)]
            if first and fresh and before and left.total() == before:
                said = f"Lines after {source.taken_until} may be missing: the engine had let go of them."
                fresh.insert(0, LogLine(fresh[0].at, MARK + said))
            first = first and not fresh
            if fresh:
                keep(source, fresh, secrets)
                count += len(fresh)
            if fresh and time.monotonic() > end:
                return count
    if source.complete != (not instance.up):
        LogSource.objects.filter(pk=source.pk).update(complete=not instance.up)
    return count


def keep(source: LogSource, lines: list[LogLine], secrets: list[str]) -> None:
    """Append lines to their days' files, and say how far they go."""
    cleaned = log_redaction.redact_lines(lines, secrets)
    days: dict[str, list[LogLine]] = {}
    for line in cleaned:
        days.setdefault(line.at[:10], []).append(line)
    changed = [_append(source, date.fromisoformat(day), each) for day, each in days.items()]
    recent = [line for line in lines if not line.text.startswith(MARK)]
    log_places.advance(source, recent)
    with transaction.atomic():
        for file in changed:
            file.save()
        source.save()


def _append(source: LogSource, day: date, lines: list[LogLine]) -> LogFile:
    folder = folder_of(source.environment)
    path = folder / f"{day}-{source.instance_id[-12:]}-{source.pk}.log.zst"
    file = LogFile.objects.filter(source=source, day=day).first()
    file = file or LogFile.objects.create(source=source, day=day, path=str(path))
    data = "".join(f"{line.at} {line.text}\n" for line in lines).encode()
    packed = zstandard.ZstdCompressor(level=6).compress(data)
    with explained(folder):
        handle = os.open(file.path, os.O_WRONLY | os.O_CREAT, 0o600)
        hand_over(Path(file.path))
        try:
            os.ftruncate(handle, file.size)  # what lies behind was never written down
            os.pwrite(handle, packed, file.size)
            os.fsync(handle)
        finally:
            os.close(handle)
        fsync(folder)
    file.size += len(packed)
    file.raw_size += len(data)
    file.lines += len(lines)
    file.first_at = min(filter(None, (file.first_at, min(line.at for line in lines))))
    file.last_at = max(file.last_at, max(line.at for line in lines))
    file.changed_at = timezone.now()
    return file


def _note_the_gone(environment: Environment, here: set[str]) -> None:
    """An instance that was removed while it ran may have said something nobody took."""
    for source in LogSource.objects.filter(environment=environment, gone=False).exclude(instance_id__in=here):
        source.gone = True
        if source.taken_until and not source.complete:
            said = f"What {source.name} said after {source.taken_until} may be missing: it was removed."
            keep(source, [LogLine(source.taken_until, MARK + said)], [])
        source.save()


def tidy(environment: Environment) -> int:
    """Remove files that are past their time, then the oldest until the rest is small enough; how many."""
    files = LogFile.objects.filter(source__environment=environment)
    going = list(files.filter(day__lt=timezone.now().date() - timedelta(days=settings.SMSOPS_LOGS_DAYS)))
    size = (files.aggregate(size=Sum("size"))["size"] or 0) - sum(file.size for file in going)
    for file in files.exclude(pk__in=[file.pk for file in going]).order_by("day", "last_at", "pk"):
        if size <= settings.SMSOPS_LOGS_BYTES:
            break
        size -= file.size
        going.append(file)
    for file in going:
        with explained(folder_of(environment)):
            Path(file.path).unlink(missing_ok=True)
        file.delete()
    LogSource.objects.filter(environment=environment, gone=True, files=None).delete()
    return len(going)
