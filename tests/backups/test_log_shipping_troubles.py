"""The log's copy elsewhere: killed at any moment, damaged or lost on either side, it is told, and mends what it may."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from backups.errors import BackupDamaged
from backups.vault.keys import Keyring
from backups.vault.remote import Site, opened
from backups.vault.shelf import FolderShelf
from backups.wal.log import Log
from backups.wal.replay import replay
from backups.wal.retrieval import retrieve
from backups.wal.segments import name_of
from backups.wal.shipping import Shipper
from tests.backups.databases import spoil
from tests.backups.servers import REMOTE
from tests.backups.ships import ALWAYS, a_part, empty_log, everything, names, shipper, state_there
from tests.backups.test_two_hundred_kills import kill_after
from tests.backups.wals import Actor, Desk, acting, digest_of, work

KILLS = {"folder": 40}


def files(desk: Desk) -> list[str]:
    """The files of the log here, oldest first."""
    return [name_of(generation, each) for generation in desk.log.generations() for each in desk.log.numbers(generation)]


def several(desk: Desk, actor: Actor, count: int = 3) -> dict[int, str]:
    """So many closed files of the log."""
    seen: dict[int, str] = {}
    for _ in range(count):
        seen |= work(desk, actor, looks=2)
        desk.follower.keeper.writer.close()
    return seen


def said(ship: Shipper) -> list[str]:
    return [str(fault) for fault in ship.faults.values()]


@pytest.mark.parametrize("kind", ["folder", *REMOTE])
def test_killed_at_any_moment_it_leaves_nothing_half_and_the_next_one_goes_on(
    request: pytest.FixtureRequest, desk: Desk, kind: str
) -> None:
    site = Site("folder", str(desk.folder), prefix="replica")
    if kind != "folder":
        site = replace(request.getfixturevalue(f"{kind}_site"), prefix="killed-log")
    chance, seen, slow = Random(kind), dict[int, str](), 0.1 if kind == "folder" else 1.0
    with opened(site) as target, acting(desk.database) as actor:
        shipper(desk, target).look()
        for _ in range(KILLS.get(kind, 12)):
            seen |= several(desk, actor, chance.randrange(1, 3)) | work(desk, actor, looks=1)
            kill_after(lambda: keep_shipping(desk, site), chance.uniform(0, slow))
    with opened(site) as target:
        number, digest = state_there(desk, target)
        assert seen.get(number, digest) == digest
        shipper(desk, target).look()
        assert state_there(desk, target, name="later") == (max(seen), seen[max(seen)])


def keep_shipping(desk: Desk, site: Site) -> None:
    with opened(site) as target:
        while True:
            shipper(desk, target).look()


def test_what_a_killed_one_left_under_way_is_thrown_away(desk: Desk, replica: FolderShelf) -> None:
    (replica.incoming() / "killed.part").write_bytes(b"x")
    shipper(desk, replica).look()
    assert list(replica.incoming().iterdir()) == []


def test_a_part_that_is_damaged_there_is_named_until_it_is_right(desk: Desk, replica: FolderShelf) -> None:
    ship = shipper(desk, replica)
    ship.look()
    name = a_part(replica)
    before = (replica.root / name).read_bytes()
    spoil(replica.root / name, 999)
    for _ in range(2):
        ship.check(10)
        assert said(ship) == [f"{name} is damaged in the replica."]
    (replica.root / name).write_bytes(before)
    ship.check(0)
    assert said(ship) == []


def test_a_fault_is_known_to_the_next_one_and_forgotten_with_its_file(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        several(desk, actor)
    ship = shipper(desk, replica)
    ship.look()
    name = a_part(replica)
    spoil(replica.root / name, 999)
    ship.check(10)
    later = Shipper(desk.log, replica, desk.folder / "under-way", faults=ship.faults)
    later.look()
    later.check(0)
    assert said(later) == [f"{name} is damaged in the replica."]
    (desk.log.shelf.root / files(desk)[0]).unlink()
    later.check(0)
    assert said(later) == []


def test_without_reading_a_part_of_another_length_is_named(desk: Desk, replica: FolderShelf) -> None:
    ship = shipper(desk, replica, reads=False)
    ship.look()
    (replica.root / a_part(replica)).write_bytes(b"cut")
    ship.check(10)
    assert said(ship) == [f"{a_part(replica)} has another length in the replica."]


def test_a_part_that_got_lost_there_is_named_and_sent_again(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        seen = several(desk, actor)
    ship = shipper(desk, replica)
    ship.look()
    name = a_part(replica, 1)
    (replica.root / name).unlink()
    ship.look_again()
    assert said(ship) == [f"{name} is missing in the replica."]
    ship.look()
    assert (said(ship), state_there(desk, replica)[0]) == ([], max(seen))


def test_what_is_damaged_here_is_named_and_not_sent_and_the_rest_is(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        several(desk, actor)
    damaged = files(desk)[1]
    spoil(desk.log.shelf.root / damaged, 8 * 400)
    ship = shipper(desk, replica)
    ship.look()
    assert said(ship) == [f"{damaged} is damaged in the vault."]
    there = {Path(name).name[:8] for name in names(replica)}
    assert there == {Path(name).stem for name in files(desk) if name != damaged}


def test_files_past_their_time_here_stay_there(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        several(desk, actor)
        ship = shipper(desk, replica)
        ship.look()
        before = names(replica)
        (desk.log.shelf.root / files(desk)[0]).unlink()
        seen = work(desk, actor)
    ship.look_again()
    ship.look()
    assert (said(ship), set(before) < set(names(replica))) == ([], True)
    assert state_there(desk, replica)[0] == max(seen)


@pytest.mark.parametrize("harm", ["missing", "damaged", "cut"])
def test_a_single_file_that_is_missing_or_damaged_here_is_brought_and_no_other(
    desk: Desk, replica: FolderShelf, harm: str
) -> None:
    with acting(desk.database) as actor:
        seen = several(desk, actor)
    shipper(desk, replica).look()
    path = desk.log.shelf.root / files(desk)[1]
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[:900])
    else:
        spoil(path, 8 * 400)
    with pytest.raises(BackupDamaged):
        desk.replayed(desk.positions()[-1])
    assert everything(replica, desk.log).brought == [files(desk)[1]]
    assert everything(replica, desk.log).brought == []
    assert digest_of(desk.replayed(desk.positions()[-1])[0])[0] == max(seen)


def test_what_is_damaged_there_as_well_replaces_nothing(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        several(desk, actor)
    shipper(desk, replica).look()
    name, path = a_part(replica), desk.log.shelf.root / files(desk)[0]
    spoil(replica.root / name, 8 * 400)
    spoil(path, 8 * 400)
    before = path.read_bytes()
    found = retrieve(replica, desk.log, 0, ALWAYS)
    assert (found.brought, path.read_bytes()) == ([], before)
    assert "is damaged" in found.problems[0]


def test_the_file_a_follower_writes_is_left_alone(desk: Desk, replica: FolderShelf) -> None:
    shipper(desk, replica).look()
    path = desk.log.shelf.root / files(desk)[-1]
    spoil(path, 8 * 400)
    assert retrieve(replica, desk.log, 0, ALWAYS, live=True).brought == []
    assert retrieve(replica, desk.log, 0, ALWAYS).brought == [files(desk)[-1]]


def test_only_the_files_of_that_time_are_brought(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        several(desk, actor, 8)
    shipper(desk, replica).look()
    tallies = [desk.log.tally(desk.log.generations()[-1], number) for number in range(1, 9)]
    log = empty_log(desk)
    brought = retrieve(replica, log, tallies[3].until, tallies[4].until).brought
    assert set(files(desk)[2:5]) <= set(brought) <= set(files(desk)[1:7])


def test_without_the_key_nothing_is_brought_and_the_key_is_named(desk: Desk, replica: FolderShelf) -> None:
    shipper(desk, replica).look()
    stranger = Log(FolderShelf(desk.folder / "stranger"), Keyring(desk.folder / "no keys"))
    found = everything(replica, stranger)
    assert (found.brought, "import-keys" in " ".join(found.problems) or "key" in found.problems[0]) == ([], True)


def test_a_base_and_the_copy_bring_back_a_moment_when_all_else_is_gone(desk: Desk, replica: FolderShelf) -> None:
    with acting(desk.database) as actor:
        seen = several(desk, actor) | work(desk, actor)
        shipper(desk, replica).look()
        places = desk.positions()
    desk.kill()
    shutil.rmtree(desk.log.shelf.root)
    everything(replica, desk.log)
    image = Path(shutil.copyfile(desk.bases[0][0], desk.folder / "image.db"))
    replay(image, desk.bases[0][1], desk.log, places[-1])
    assert digest_of(image) == (max(seen), seen[max(seen)])
