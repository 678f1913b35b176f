"""What the signs of one root cause have in common, the fingerprint of their incident: every kind there is, by name.

They are kept in rows: a word that is changed here makes strangers of incidents that are live.
"""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 60  # characters; as long as the columns they are kept in

SERVICE = "service"  # SMS does not serve
PAGE, SLOW = "page", "slow"  # its page is blank; it is slow
CERTIFICATE, KEY = "certificate", "signing key"
BACKUP = "backup"  # there is no good one, or it is late
ROWS, ORPHANS = "rows", "orphans"  # some have gone; some refer to missing ones
RESTORE_TEST, DRILL = "restore test", "drill"
COMMITS, COMMITS_SIZE = "log", "log size"  # of the log of SMS's database
DISK_OF_DATA, DISK_OF_VAULT, DISK_OF_OURS = "disk:data", "disk:vault", "disk:own"

WATCHED = frozenset({SERVICE, BACKUP})  # those an alert may name: smsops watches them itself, and sees their end


@dataclass(frozen=True)
class Kind:
    """Those that are about one of many."""

    prefix: str

    def of(self, *which: object) -> str:
        """That of this one."""
        return (self.prefix + ":".join(map(str, which)))[:LONGEST]

    def has(self, fingerprint: str) -> bool:
        """Whether it is of this kind."""
        return fingerprint.startswith(self.prefix)


RUN = Kind("run:")  # what a run broke
GLASS = Kind("glass:")  # a run without its second person
ALERT = Kind("alert:")  # a source and what its alerts have in common, or the word of a rule
HEARTBEAT, UNREAD = Kind("heartbeat:"), Kind("unread:")  # a source that is silent, or is not understood
LINE, PATTERN = Kind("log:"), Kind("pattern:")  # a pattern that SMS's log has, or that was stopped
DAMAGE = Kind("backup:")  # a backup that is damaged
OFFSITE, OFFSITE_LOG = Kind("offsite:"), Kind("offsite-log:")  # a vault that lacks backups, or commits
REPORT = Kind("report:")  # what people report in the same words
