"""A follower on full disks: it says so, loses nothing it need not, and leaves SMS alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups.wal.follower import Follower
from backups.wal.records import Entry, Kind
from smsops.errors import OpsError
from tests.backups.wals import Desk, acting, desk_at, digest_of, snapshot
from tests.places import wait_for
from tests.runtimes.acts import fill


def test_a_full_vault_loses_nothing_once_there_is_room(tmp_path: Path, disk: Path) -> None:
    with desk_at(tmp_path, shelf=disk) as desk, acting(desk.database) as actor:
        filler = fill(disk)
        seen = actor.work(3)
        with pytest.raises(OpsError, match="is full"):
            wait_for(lambda: seen.update(actor.work(3)) or desk.follower.poll() < 0, "the disk to be full")
        seen |= actor.work(3)
        filler.unlink()
        desk.follower.poll()
        image, _ = desk.replayed(desk.positions()[-1])
        assert digest_of(image) == (max(seen), seen[max(seen)])
        assert desk.follower.gap == ""
        assert Kind.JUMP not in {entry.kind for entry in entries(desk)}


def entries(desk: Desk) -> list[Entry]:
    generation = desk.log.generations()[-1]
    return [entry for _, found in desk.log.records(generation, 1) for entry in found.record.entries]


def test_a_full_disk_under_the_image_is_told_and_got_over(tmp_path: Path, disk: Path) -> None:
    with desk_at(tmp_path, own=disk / "shadow") as desk, acting(desk.database) as actor:
        filler = fill(disk)
        actor.do("INSERT INTO noise SELECT randomblob(300000)")
        with pytest.raises(OpsError, match="is full"):
            desk.follower.poll()
        filler.unlink()
        seen = actor.work(3)
        desk.follower.poll()
        image, _ = desk.replayed(desk.positions()[-1])
        assert digest_of(image) == (max(seen), seen[max(seen)])
        assert desk.follower.gap == ""


def test_without_room_for_an_image_nothing_is_followed_and_sms_is_left_alone(tmp_path: Path, disk: Path) -> None:
    with desk_at(tmp_path) as desk:
        fill(disk)
        other = Follower(desk.database, disk / "shadow", desk.log)
        with pytest.raises(OpsError, match="is full"):
            other.poll()
        assert other.pins.held is None
        assert snapshot(desk.database, tmp_path / "copy.db") is not None
