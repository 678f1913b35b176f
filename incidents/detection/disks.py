"""Whether the disks of SMS's data and of smsops' vault have room (I1): two levels, each over only with some more."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from incidents.detection.findings import Finding
from incidents.fingerprints import DISK_OF_DATA, DISK_OF_OURS, DISK_OF_VAULT
from incidents.models import Detection, Issue, Severity
from incidents.services import incidents
from incidents.services.incidents import Sign
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.runtimes.registry import looking_at
from smsops.text import bytes_text

MORE = 3.0  # per cent beyond the threshold, before it is over


@dataclass(frozen=True)
class Disk:
    """A file system: for what it is used, and how much of it is free."""

    fingerprint: str
    used_for: str
    free: int
    total: int

    @property
    def percent(self) -> float:
        return self.free / self.total * 100 if self.total else 100.0


def look(environment: Environment, limits: Detection) -> list[Finding]:
    """Every disk that matters here, once."""
    if not limits.disk_percent:
        return []
    return [
        judge(disk, limits, live=incidents.live(environment, disk.fingerprint) is not None)
        for disk in disks(environment)
    ]


def judge(disk: Disk, limits: Detection, *, live: bool) -> Finding:
    """What its free space means; `live`: whether it has been low until now."""
    left = f"{disk.percent:.1f} % ({bytes_text(disk.free)}) of the disk with {disk.used_for}"
    if disk.percent < limits.disk_last_percent:
        said = f"Less than {limits.disk_last_percent} % is free of the disk with {disk.used_for}."
        return _low(disk, Severity.HIGH, "is nearly full", f"{said} SMS and its backups stop when it is full.")
    if disk.percent < limits.disk_percent:
        said = f"Less than {limits.disk_percent} % is free of the disk with {disk.used_for}."
        return _low(disk, Severity.MEDIUM, "is getting full", said)
    if live and disk.percent < limits.disk_percent + MORE:
        return Finding(disk.fingerprint)
    return Finding(disk.fingerprint, well=f"{left} is free again.")


def _low(disk: Disk, severity: Severity, what: str, detail: str) -> Finding:
    title = f"The disk with {disk.used_for} {what}: {bytes_text(disk.free)} left"
    return Finding(disk.fingerprint, Sign(disk.fingerprint, severity, title, detail, Issue.DATA))


def disks(environment: Environment) -> list[Disk]:
    """The file systems with SMS's data, the vault, and what smsops itself writes; one that is several of them once."""
    places: list[tuple[str, str, Path]] = []
    with contextlib.suppress(OpsError):  # a worker that cannot see it cannot tell; backups say so aloud
        places.append((DISK_OF_DATA, "SMS's data", looking_at(environment).data_folder()))
    places.append((DISK_OF_VAULT, "the vault", Path(settings.SMSOPS_VAULT_DIR)))
    places.append((DISK_OF_OURS, "smsops' own files", Path(settings.DATA_DIR)))
    found: dict[int, tuple[str, list[str], Path]] = {}
    for fingerprint, used_for, path in places:
        if path.is_dir():
            found.setdefault(path.stat().st_dev, (fingerprint, [], path))[1].append(used_for)
    return [_measured(*each) for each in found.values()]


def _measured(fingerprint: str, used_for: list[str], path: Path) -> Disk:
    usage = shutil.disk_usage(path)
    return Disk(fingerprint, " and ".join(used_for), usage.free, usage.used + usage.free)  # as df counts
