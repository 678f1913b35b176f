"""The process that copies a log to a vault elsewhere: to which one, how it goes on after failures, what it says (B8).

It only reads the log's files, and asks the follower nothing: whatever becomes of it, the log is kept as before.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from backups import selectors
from backups.models import OffsiteVault
from backups.services import offsite
from backups.services.log_posts import Post
from backups.vault.shelf import Shelf, explained, turn
from backups.wal.shipping import Shipper
from smsops.errors import OpsError

POLL = 0.5  # seconds between two looks at the log here
LONGEST_PAUSE = 60.0  # seconds, after failures
CHECK, PARTS = 600.0, 5  # so often, in seconds, so many older parts are read back
LOOK_AGAIN = 6 * 3600.0  # seconds until what is there is listed anew
LAST_WORDS = 3.0  # seconds to send what is left, when it is ended


def run(vault_id: int, stop: Callable[[], bool]) -> None:
    """Copy until `stop` says so, or until it is not wanted any more. After failures the pauses grow up to a minute.

    Raises OpsError, transient, while another process does it.
    """
    folder = Path(settings.SMSOPS_WORK_DIR) / "offsite-log" / str(vault_id)
    with _alone(folder):
        post, failures = Post(vault_id, folder), 0
        while not stop() and (vault := post.vault()) is not None:
            try:
                with offsite.shelf_of(vault) as shelf:
                    copier = Copier(vault, shelf, folder, post)
                    copier.work(lambda: stop() or post.changed(vault))
            except OpsError as error:
                failures = 0 if post.well else failures + 1
                post.well = False
                post.trouble(error)
                _wait(min(LONGEST_PAUSE, 2.0**failures), stop)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process for each vault; the lock goes with it."""
    with turn(folder, "lock") as mine:
        if not mine:
            raise OpsError("Another process copies the log there already.", transient=True)
        yield


def _wait(seconds: float, stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not stop():
        time.sleep(POLL)


@dataclass
class Copier:
    """One connection to a vault, for as long as it lasts."""

    vault: OffsiteVault
    shelf: Shelf
    folder: Path
    post: Post
    at: datetime | None = None
    sent_at: float = float("-inf")

    def work(self, stop: Callable[[], bool]) -> None:
        """Copy what is written until `stop` says so, and then what is left, if that is quick. OpsError when the shelf
        cannot be reached, or refuses."""
        log = selectors.log_of(self.vault.environment)
        self.shipper = Shipper(log, self.shelf, self.folder, self.vault.read_back, self.post.faults)
        checked = listed = time.monotonic()
        while not stop():
            if not self.shipper.pending() or time.monotonic() - self.sent_at >= self.vault.log_seconds:
                self._look(stop)
            if time.monotonic() - checked > CHECK:
                checked = time.monotonic()
                self.shipper.check(PARTS)
            if time.monotonic() - listed > LOOK_AGAIN:
                listed = time.monotonic()
                self.shipper.look_again()
            self.post.tell(self.at)
            time.sleep(POLL)
        deadline = time.monotonic() + LAST_WORDS
        self._look(lambda: time.monotonic() > deadline)
        self.post.told = 0.0
        self.post.tell(self.at)

    def _look(self, stop: Callable[[], bool]) -> None:
        kept, now, sent = self.post.kept(self.vault), time.monotonic(), self.shipper.sent

        def go_on() -> bool:
            if self.shipper.sent > sent:  # a backlog: how far it got
                self.at = datetime.fromtimestamp(self.shipper.reached / 1000, UTC)
            self.post.tell(self.at)
            return not stop()

        with explained(self.shipper.log.shelf.root):
            whole = not self.shipper.pending() or self.shipper.look(go_on)
        self.post.well = True
        self.at = kept if whole and kept else self.at  # what a late follower has not kept yet is nowhere but in SMS
        self.sent_at = now if self.shipper.sent > sent else self.sent_at
