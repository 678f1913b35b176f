"""Finds out of a build's log why it failed."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 300  # characters of a line
# What the engine says between the outputs of the commands.
_ENGINE = re.compile(r"\s*(?:-+> ?|Removing intermediate container|Step \d+/\d+ :|Successfully |Sending build context)")
_COMPLAINT = re.compile(r"error|fatal|fail|denied|not found|no such|cannot|could not|unable|exception", re.I)
_STEP = re.compile(r"Step \d+/\d+ :.*")
NEAR = 15  # lines before the end among which the complaint is looked for


def cause(log: Sequence[str], complaint: str) -> str:
    """The last telling line of the log, and in which step it was; the engine's own complaint where the log is silent.

    Telling is the last line that complains among the last few a command printed, else the last one it printed.
    """
    begins = max((place for place, line in enumerate(log) if _STEP.match(line)), default=-1)
    printed = [line.strip() for line in log[begins + 1 :] if line.strip() and not _ENGINE.match(line)][-NEAR:]
    telling = next((line for line in reversed(printed) if _COMPLAINT.search(line)), printed[-1] if printed else "")
    if not telling:
        return complaint[:LONGEST]
    step = f" ({log[begins].strip()})" if begins >= 0 else ""
    return telling[:LONGEST] + step[:LONGEST]
