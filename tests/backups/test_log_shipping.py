"""The commits between backups are copied elsewhere while they are made, to every kind of server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backups.vault.remote import Site, opened
from backups.vault.shelf import FolderShelf
from backups.wal.parts import Part, chained, parsed, reach
from backups.wal.segments import framed, name_of
from backups.wal.stock import Stock
from smsops.errors import OpsError
from tests.backups.servers import client, moto
from tests.backups.ships import empty_log, everything, names, shipper, state_there
from tests.backups.test_replication import RIGHTS, poor
from tests.backups.wals import Desk, acting, work
from tests.backups.wires import wired


def test_what_is_there_alone_brings_back_the_last_commit(desk: Desk, any_site: Site) -> None:
    with opened(any_site) as target, acting(desk.database) as actor:
        ship = shipper(desk, target)
        for _ in range(3):
            seen = work(desk, actor, looks=2)
            assert ship.look()
            assert state_there(desk, target) == (max(seen), seen[max(seen)])


def test_a_second_look_sends_nothing_and_another_shipper_goes_on(desk: Desk, any_site: Site) -> None:
    with opened(any_site) as target, acting(desk.database) as actor:
        work(desk, actor)
        first, second = shipper(desk, target), shipper(desk, target)
        assert (first.look(), first.pending(), first.sent > 0) == (True, False, True)
        assert (second.look(), second.sent) == (True, 0)
        seen = work(desk, actor)
        assert (second.pending(), second.look(), second.sent) == (True, True, 1)
        assert state_there(desk, target)[0] == max(seen)


def test_a_part_holds_all_commits_since_the_last_look(desk: Desk, replica: FolderShelf) -> None:
    ship = shipper(desk, replica)
    ship.look()
    with acting(desk.database) as actor:
        work(desk, actor, looks=6, commits=4)
    before = len(names(replica))
    ship.look()
    assert len(names(replica)) == before + 1


def test_a_closed_file_is_copied_to_its_end_and_the_same_bytes_come_back(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        work(desk, actor)
    ship = shipper(desk, replica)
    ship.look()
    desk.follower.rest()
    ship.look()
    log = empty_log(desk)
    brought = everything(replica, log).brought
    assert brought == desk.log.closed()
    assert all((log.shelf.root / name).read_bytes() == (desk.log.shelf.root / name).read_bytes() for name in brought)


def test_every_moment_between_comes_back_from_there(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor, looks=8)
    shipper(desk, replica).look()
    places = desk.positions()
    for place in places[places.index(desk.bases[0][1]) + 1 :: 5]:
        number, digest = state_there(desk, replica, place)
        assert seen[number] == digest


def test_after_a_killed_follower_and_a_gap_the_log_goes_on_there(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        work(desk, actor)
        ship = shipper(desk, replica)
        ship.look()
        desk.again().poll()
        seen = work(desk, actor)
        ship.look()
        assert state_there(desk, replica)[0] == max(seen)
    assert len({part.number for part in ship.stock.known()}) > 1


def test_what_a_killed_follower_wrote_by_half_is_not_sent(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
    desk.kill()
    (number, generation) = desk.log.numbers(desk.log.generations()[-1])[-1], desk.log.generations()[-1]
    last = desk.log.shelf.root / name_of(generation, number)
    sound = last.stat().st_size
    with last.open("ab") as file:
        file.write(framed(bytes(400))[:30])
    shipper(desk, replica).look()
    assert max(part.end for part in Stock(replica).of(generation, number)) == sound
    assert state_there(desk, replica)[0] == max(seen)


def test_an_outage_is_made_up_for(desk: Desk, site: Site) -> None:
    with acting(desk.database) as actor:
        work(desk, actor)
        with wired(site, 4_000) as wire, opened(wire) as target, pytest.raises(OpsError, match="does not answer"):
            for _ in range(50):
                work(desk, actor, looks=1)
                shipper(desk, target).look()
        seen = work(desk, actor)
    with opened(site) as target:
        assert shipper(desk, target).look()
        assert state_there(desk, target)[0] == max(seen)


def test_two_at_once_do_no_harm(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        ships = [shipper(desk, replica), shipper(desk, replica)]
        for turn in range(8):
            seen = work(desk, actor, looks=1)
            ships[turn % 2].look()
            ships[(turn // 3) % 2].look()
    assert state_there(desk, replica)[0] == max(seen)


@pytest.mark.sftp
def test_it_needs_no_right_to_remove_or_rename(desk: Desk, strict_sftp_site: Site) -> None:
    with opened(replace(strict_sftp_site, prefix="strict-log")) as target, acting(desk.database) as actor:
        seen = work(desk, actor)
        assert shipper(desk, target).look()
        assert state_there(desk, target)[0] == max(seen)


@pytest.mark.parametrize("reads", [True, False])
def test_it_needs_the_rights_to_list_and_put_alone_and_to_read_for_reading_back(
    desk: Desk, tmp_path: Path, reads: bool
) -> None:
    rights = RIGHTS if reads else [right for right in RIGHTS if right != "s3:GetObject"]
    with acting(desk.database) as actor:
        work(desk, actor)
    with moto(tmp_path, INITIAL_NO_AUTH_ACTION_COUNT="5") as site, opened(poor(site, rights)) as target:
        ship = shipper(desk, target, reads=reads)
        assert ship.look()
        ship.check(10)
        assert (ship.faults, len(names(target)) > 0) == ({}, True)


def test_under_lock_every_part_is_locked(desk: Desk, moto_site: Site) -> None:
    site = replace(moto_site, prefix="locked-log", lock_days=9)
    with opened(site) as target, client(site) as s3, acting(desk.database) as actor:
        work(desk, actor)
        shipper(desk, target).look()
        for name in names(target):
            assert s3.head_object(Bucket="bucket", Key=f"locked-log/{name}")["ObjectLockMode"] == "COMPLIANCE"


def part(start: int, end: int) -> Part:
    return Part("000001-20260301T000000Z-abcdef", 1, start, end, 1_772_000_000_000)


def test_parts_that_overlap_make_one_file_and_a_hole_ends_it() -> None:
    parts = [part(90, 120), part(0, 50), part(40, 60), part(0, 30), part(61, 80)]
    assert [(each.start, each.end) for each in chained(parts)] == [(0, 50), (40, 60)]
    assert (reach(parts), reach([]), reach([part(5, 9)])) == (60, 0, 0)


@pytest.mark.parametrize("name", ["x.part", "00000001.log", "00000001-0-5-1.part", "../00000001-000000000-000000005-1"])
def test_a_name_that_is_no_parts_is_passed_over(name: str) -> None:
    known = part(0, 5)
    assert parsed(known.generation, name) is None
    assert parsed(known.generation, known.name.rpartition("/")[2]) == known
