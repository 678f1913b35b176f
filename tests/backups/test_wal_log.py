"""The files of the log: what is in them comes back, what was changed, left out, moved or torn is noticed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backups.errors import BackupDamaged, KeyUnusable
from backups.wal import writing
from backups.wal.coverage import coverage, tidy
from backups.wal.frames import Position, Written
from backups.wal.log import Log
from backups.wal.packing import Packer
from backups.wal.records import Entry, Kind, Record, dumps, loads
from backups.wal.segments import name_of
from backups.wal.shadow import Shadow, State, loosened
from backups.wal.writing import Writer
from smsops.errors import OpsError
from tests.backups.wals import log_at

GENERATION = "000001-20260301T120000Z-abcdef"
BEGUN = 1_772_366_400_000  # ms


def place(frame: int) -> Position:
    return Position(7, 8, frame, frame * 1_000_003)


def record(number: int, kind: Kind = Kind.COMMIT, late: int = 300) -> Record:
    """The commit with this number, one a second."""
    seen = BEGUN + number * 1000
    entry = Entry(kind, place(number + 1), seen, 20, [1, 5, 9], [5], False, b"frame %d" % number)
    return Record(place(number), 20, seen - late, [entry])


def write(writer: Writer, numbers: range) -> None:
    for number in numbers:
        writer.append(record(number))
    writer.sync()


def read(log: Log, number: int = 1, generation: str = GENERATION) -> list[Record]:
    return [found.record for _, found in log.records(generation, number)]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return log_at(tmp_path)


@pytest.fixture
def writer(log: Log) -> Iterator[Writer]:
    """Writes a new generation."""
    writer = log.writer(GENERATION, 4096)
    yield writer
    writer.leave()


@pytest.fixture
def three(log: Log, writer: Writer) -> Log:
    """A log of three files: closed, left by a killed writer, and still open."""
    write(writer, range(3))
    writer.close()
    write(writer, range(3, 5))
    writer.leave()
    write(writer, range(5, 7))
    return log


def path_of(log: Log, number: int, generation: str = GENERATION) -> Path:
    return log.shelf.root / name_of(generation, number)


def test_a_record_is_read_back_as_it_was() -> None:
    first = record(3)
    odd = Record(
        Position(2**32 - 1, 0, 5, 2**64 - 1), 10**6, BEGUN, [*first.entries, Entry(Kind.JUMP, place(9), BEGUN, 1)], 9
    )
    assert [loads(dumps(each)) for each in (first, odd)] == [
        Record(first.before, 20, first.since, first.entries),
        Record(odd.before, odd.size, odd.since, [odd.entries[0], Entry(Kind.JUMP, place(9), BEGUN, 1, [], [])], 9),
    ]


def test_a_record_cut_anywhere_is_no_record() -> None:
    data = dumps(record(3))
    for at in range(len(data)):
        with pytest.raises(BackupDamaged):
            loads(data[:at])


def test_everything_comes_back_in_order(three: Log) -> None:
    assert read(three) == [record(number) for number in range(7)]
    assert read(three, 2) == [record(number) for number in range(3, 7)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_byte_of_any_file_can_change_unnoticed(three: Log, number: int) -> None:
    path = path_of(three, number)
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(bytes([*data[:at], data[at] ^ 1 << at % 8, *data[at + 1 :]]))
        with pytest.raises((BackupDamaged, KeyUnusable)):
            read(three)
    assert len(data) > 400


def test_no_byte_of_the_tally_of_a_closed_file_can_change_unnoticed(three: Log) -> None:
    path = path_of(three, 1)
    data = path.read_bytes()
    whole = three.tally(GENERATION, 1)
    for at in range(len(data)):
        path.write_bytes(bytes([*data[:at], data[at] ^ 1, *data[at + 1 :]]))
        three = Log(three.shelf, three.keys)
        try:
            assert three.tally(GENERATION, 1) == whole
        except (BackupDamaged, KeyUnusable):
            continue
    assert whole.commits == 3


def test_a_file_that_ends_anywhere_has_only_whole_records(log: Log, writer: Writer) -> None:
    write(writer, range(4))
    path = path_of(log, 1)
    data = path.read_bytes()
    header = data.index(b"\n", data.index(b"\n") + 1) + 1
    for end in range(header, len(data)):
        path.write_bytes(data[:end])
        assert read(log) == [record(number) for number in range(4)][: len(read(log))]
        assert len(read(log)) < 4


def test_after_a_torn_end_the_log_goes_on_in_a_new_file(log: Log, writer: Writer) -> None:
    write(writer, range(3))
    writer.leave()
    with path_of(log, 1).open("r+b") as file:
        file.truncate(path_of(log, 1).stat().st_size - 5)
    tail = log.tail()
    assert tail is not None and tail.position == place(2)
    after = log.writer(GENERATION, 4096, tail.last)
    write(after, range(2, 4))
    after.close()
    assert read(log) == [record(number) for number in range(4)]


def test_a_file_that_is_missing_is_named(three: Log) -> None:
    path_of(three, 2).unlink()
    with pytest.raises(BackupDamaged, match=r"00000002\.log of the log is missing"):
        read(three)


def test_files_that_were_exchanged_are_noticed(three: Log) -> None:
    one, other = path_of(three, 1), path_of(three, 2)
    aside = one.with_suffix(".aside")
    one.rename(aside), other.rename(one), aside.rename(other)
    with pytest.raises(BackupDamaged, match="its header is that of another one"):
        read(three)


def test_a_file_of_another_generation_is_noticed(three: Log) -> None:
    other = "000002-20260301T130000Z-abcdef"
    shutil.copytree(path_of(three, 1).parent, path_of(three, 1, other).parent)
    with pytest.raises(BackupDamaged, match="its header is that of another one"):
        read(three, 1, other)


def test_an_earlier_version_of_a_file_is_noticed(log: Log, writer: Writer) -> None:
    write(writer, range(2))
    earlier = path_of(log, 1).read_bytes()
    write(writer, range(2, 3))
    writer.close()
    write(writer, range(3, 4))
    path_of(log, 1).write_bytes(earlier)
    with pytest.raises(BackupDamaged, match="it ends too early"):
        read(log)


def test_a_tally_tells_what_reading_it_all_tells(three: Log) -> None:
    known = three.tally(GENERATION, 1)
    with three.segment(GENERATION, 1) as segment:
        list(segment.records())
        assert segment.counted == known
    assert (known.commits, known.before, known.after) == (3, str(place(0)), str(place(3)))


def test_only_files_that_never_change_again_are_to_be_copied(three: Log, writer: Writer) -> None:
    assert three.closed() == [name_of(GENERATION, number) for number in (1, 2)]
    writer.close()
    assert three.closed() == [name_of(GENERATION, number) for number in (1, 2, 3)]


def test_a_file_is_closed_after_a_while(log: Log, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    write(writer, range(1))
    writer.tidy(BEGUN)
    assert log.closed() == []
    monkeypatch.setattr(writing, "SECONDS", 0.0)
    writer.tidy(BEGUN + 60_000)
    assert log.closed() == [name_of(GENERATION, 1)]
    assert log.tally(GENERATION, 1).until == BEGUN + 60_000


def moments(log: Log) -> list[tuple[int, int, int | None]]:
    """Spans as seconds since the beginning, and their commits."""
    return [
        (round(span.start.timestamp() - BEGUN / 1000), round(span.end.timestamp() - BEGUN / 1000), span.commits)
        for span in coverage(log)
    ]


def test_coverage_is_one_span_where_nothing_is_missing(three: Log) -> None:
    assert moments(three) == [(0, 6, 7)]
    assert coverage(three)[0].lag == timedelta(milliseconds=300)


@pytest.mark.parametrize(("kind", "late"), [(Kind.JUMP, 300), (Kind.COMMIT, 5000)])
def test_coverage_leaves_out_what_cannot_be_told_apart(log: Log, writer: Writer, kind: Kind, late: int) -> None:
    write(writer, range(10))
    writer.append(record(20, kind, 5000))
    writer.append(record(21))
    writer.sync()
    assert moments(log) == [(0, 15, 10), (20, 21, 1 + (kind == Kind.COMMIT))]


def test_coverage_leaves_out_a_file_that_cannot_be_read(three: Log) -> None:
    path_of(three, 2).write_bytes(b"gone")
    assert [(start, end) for start, end, _ in moments(three)] == [(0, 2), (5, 6)]


def test_old_files_go_and_the_last_one_stays(three: Log) -> None:
    assert tidy(three, datetime.fromtimestamp(BEGUN / 1000 + 3, UTC)) == 1
    assert read(three, 2) == [record(number) for number in range(3, 7)]
    assert tidy(three, datetime.fromtimestamp(BEGUN / 1000 + 3600, UTC)) == 1
    assert read(three, 3) == [record(number) for number in range(5, 7)]


def test_a_damaged_file_goes_with_those_around_it(three: Log) -> None:
    path_of(three, 1).write_bytes(b"gone")
    assert tidy(three, datetime.fromtimestamp(BEGUN / 1000 + 4.5, UTC)) == 2
    assert three.numbers(GENERATION) == [3]


def test_a_key_that_was_rotated_seals_the_next_file(three: Log, writer: Writer) -> None:
    three.keys.rotate()
    writer.close()
    write(writer, range(7, 8))
    with three.segment(GENERATION, 4) as segment:
        assert segment.header.key == three.keys.current().identity
    assert read(three) == [record(number) for number in range(8)]


def test_a_missing_key_is_named(three: Log) -> None:
    for path in three.keys.folder.glob("*.json"):
        path.unlink()
    with pytest.raises(KeyUnusable, match="is not in"):
        read(three)


def test_nothing_in_a_file_can_be_read_without_the_key(three: Log) -> None:
    assert b"frame" in dumps(record(1))
    assert not [path for path in three.shelf.root.rglob("*.log") if b"frame" in path.read_bytes()]


def test_what_could_not_be_written_is_written_to_the_next_file(
    log: Log, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(writer, range(2))
    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        writer.append(record(2))
        with pytest.raises(OpsError, match="is full"):
            writer.sync()
    write(writer, range(2, 4))
    assert read(log) == [record(number) for number in range(4)]
    assert log.numbers(GENERATION) == [1, 2]


def test_a_page_the_database_got_without_a_writer_is_loose_until_it_has_one() -> None:
    grown = loosened(set(), 7, Written(place(1), 10, {1: 1, 9: 2}))
    assert grown == {8, 10}
    assert loosened(grown, 10, Written(place(2), 9, {8: 3})) == set()


def test_a_loose_page_is_packed_without_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"\x05" * 512 * 3)
    shadow = Shadow(tmp_path)
    shadow.take(tmp_path / "image", State(GENERATION, place(0), 512, 3, (0, 0), loose={2}))
    commits = [Written(place(1), 4, {2: 1, 3: 2, 4: 3})]
    [(size, entry)] = Packer(shadow, lambda _: bytes(512), 512).entries(commits, Kind.COMMIT, BEGUN)
    shadow.close()
    assert (entry.alone, entry.known(size)) == ([2], [3])
    assert entry.unpack(b"\x05" * 512, 512) == bytes(512 * 3)
