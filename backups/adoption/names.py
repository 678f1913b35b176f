"""What a backup's name tells: the time it is from and, where SMS's script made it, how its digest begins.

The runbook's and SMS's own patterns (sms-contract §10): `student_management.db.2025-12-10-17-30-00.bak`,
`sms_backup_20251116_120000_1A2B3C4D.db`, `backup_school_20251116_120000.sql.gz`, `pre_v1.18.3_backup_….db.bak`.
Their times are local ones.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

_TIME = re.compile(r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_.T ]?(\d\d)[-_.:]?(\d\d)(?:[-_.:]?(\d\d))?(Z)?(?!\d)")
_DIGEST = re.compile(r"_\d{8}_\d{6}_([0-9A-Fa-f]{8})(?![0-9A-Za-z])")


def taken_at(name: str, zone: tzinfo) -> datetime | None:
    """The time in a file's name, in UTC; None where there is none. Without a `Z` it is the time in `zone`."""
    for found in _TIME.finditer(name):
        numbers = [int(part or 0) for part in found.groups()[:6]]
        try:
            moment = datetime(*numbers, tzinfo=UTC if found[7] else zone)  # type: ignore[misc, arg-type]
        except ValueError:
            continue
        return moment.astimezone(UTC)
    return None


def digest_start(name: str) -> str:
    """The first eight digits of the SHA-256 that SMS's script writes into a name, in lower case; empty without."""
    found = _DIGEST.search(name)
    return found[1].lower() if found else ""
