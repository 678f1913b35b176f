"""Lines of a server's log: which moments they hold, what goes when, and that two of them are never put together."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from backups.engines.postgres import notes
from backups.engines.postgres.beats import Server
from backups.engines.postgres.following import _another
from backups.engines.postgres.lines import Lines
from backups.engines.postgres.segments import SIZE, Segment
from backups.errors import BackupDamaged
from backups.vault.keys import Keyring
from tests.backups.lines import HERE, at, base, fill


@pytest.fixture
def lines(tmp_path: Path, ring: Keyring) -> Lines:
    return Lines(tmp_path / "postgres", ring)


def test_every_moment_from_the_first_base_backup_to_the_last_mark_can_be_had(lines: Lines) -> None:
    line = fill(lines.begin(HERE), range(3, 9), 0)
    base(line, 4, 2.5)
    (span,) = lines.spans()
    assert (span.start, span.end, span.commits) == (at(2.5), at(6), None)
    assert span.lag == timedelta(milliseconds=3)


def test_a_line_without_a_base_backup_leads_nowhere(lines: Lines) -> None:
    fill(lines.begin(HERE), range(3, 5), 0)
    assert lines.spans() == []
    with pytest.raises(BackupDamaged, match="There is no base backup yet"):
        lines.lead(at(1))


def test_between_two_lines_is_a_gap_with_both_its_ends(lines: Lines) -> None:
    base(fill(lines.begin(HERE), range(3, 6), 0), 3, 1)
    base(fill(lines.begin(HERE), range(30, 33), 60), 30, 61)
    assert [(span.start, span.end) for span in lines.spans()] == [(at(1), at(3)), (at(61), at(63))]
    with pytest.raises(BackupDamaged, match="between 2026-03-01 12:03:00 UTC and 2026-03-01 13:01:00 UTC"):
        lines.lead(at(30))
    assert lines.lead(at(2))[0].name < lines.lead(at(62))[0].name


def test_the_newest_line_leads_beyond_its_last_mark_and_an_older_one_does_not(lines: Lines) -> None:
    base(fill(lines.begin(HERE), range(3, 6), 0), 3, 1)
    assert lines.lead(at(10))[1].name == "b3"
    lines.begin(HERE)
    with pytest.raises(BackupDamaged, match="only up to 2026-03-01 12:03:00 UTC"):
        lines.lead(at(10))


def test_a_lost_segment_is_a_gap_until_the_next_base_backup(lines: Lines) -> None:
    line = fill(lines.begin(HERE), range(3, 12), 0)
    base(line, 3, 1)
    base(line, 8, 6)
    (line.archive.sealed / f"{Segment(1, 6).name()}.sealed").unlink()
    assert [(span.start, span.end) for span in lines.spans()] == [(at(1), at(3)), (at(6), at(9))]
    with pytest.raises(BackupDamaged, match="gap"):
        lines.lead(at(4.5))


def test_what_only_older_moments_need_goes_when_a_newer_base_backup_covers_the_rest(lines: Lines) -> None:
    line = fill(lines.begin(HERE), range(3, 12), 0)
    for number, minutes in ((3, 1.0), (6, 4.0), (9, 7.0)):
        base(line, number, minutes)
    assert lines.tidy(at(0)) == 0
    assert lines.tidy(at(5)) == 3
    assert [each.name for each in line.archive.bases()] == ["b6", "b9"]
    assert lines.lead(at(5))[1].name == "b6"


def test_an_old_line_goes_only_when_a_newer_one_can_be_used(lines: Lines) -> None:
    base(fill(lines.begin(HERE), range(3, 6), 0), 3, 1)
    newer = fill(lines.begin(HERE), range(30, 33), 60)
    assert lines.tidy(at(100)) == 0
    assert len(lines.spans()) == 1
    base(newer, 30, 61)
    assert lines.tidy(at(30)) == 3
    assert [line.name for line in lines.all()] == [newer.name]


def test_a_line_that_was_being_removed_is_removed_by_the_next_one(lines: Lines) -> None:
    line = fill(lines.begin(HERE), range(3, 6), 0)
    line.folder.rename(line.folder.with_name(f".{line.name}"))
    lines.tidy(at(0))
    assert list(lines.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (Server(7, 1, 5 * SIZE + 8), ""),
        (Server(8, 1, 9 * SIZE), "another server answers"),
        (Server(7, 2, 9 * SIZE), "from timeline 1 to 2"),
        (Server(7, 1, 4 * SIZE), "its files were put back"),
    ],
)
def test_a_line_goes_on_only_on_the_same_timeline_of_the_same_server(lines: Lines, server: Server, why: str) -> None:
    found = _another(fill(lines.begin(HERE), range(3, 6), 0), server)
    assert (why in found) if why else not found


def test_a_base_backup_whose_description_was_cut_off_is_none(lines: Lines) -> None:
    line = fill(lines.begin(HERE), range(3, 6), 0)
    base(line, 3, 1)
    (line.archive.bases_folder / ".b4.json").write_text('{"name": "b4", ')
    (line.archive.bases_folder / "b4.sealed").write_bytes(b"x")
    assert [each.name for each in line.archive.bases()] == ["b3"]


def test_a_line_whose_note_was_cut_off_is_only_known_less_far(lines: Lines) -> None:
    line = fill(lines.begin(HERE), range(3, 6), 0)
    base(line, 3, 1)
    (line.folder / "known.json").write_text('{"until": 17')
    with (line.folder / "times").open("a") as file:
        file.write("6")
    assert (lines.spans(), notes.times(line.folder)[-1][0]) == ([], 5)
