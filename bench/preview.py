"""What differs between two backups, row by row: what `ops compare` and the page of a comparison show."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from backups.engines import rows as engine
from bench.table import Row, seconds
from bench.trial import Trial

BAR = 2.0  # seconds
TIMES = 5


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
        trial = Trial(Path(folder), "50 MB", 1800)
        names = []
        for _ in range(2):
            trial.back_up()
            names.append(trial.identifier)
            trial.school_goes_on()
        then, now = trial.folder / "then.db", trial.folder / "now.db"
        trial.vault.read(names[1], now)
        unpack = statistics.median(seconds(lambda: trial.vault.read(names[0], then)) for _ in range(TIMES))
        count = statistics.median(seconds(lambda: engine.differences(then, now)) for _ in range(TIMES))
        page = statistics.median(seconds(lambda: _pages(then, now)) for _ in range(TIMES))
    what = f"(median of {TIMES})"
    yield Row(f"50 MB, two backups: unpack the earlier one {what}", unpack, "s")
    yield Row(f"50 MB, two backups: rows compared, every table {what}", count, "s", BAR)
    yield Row("50 MB, two backups: unpacked and compared", unpack + count, "s", BAR)
    yield Row(f"50 MB, two backups: a page of changed grades {what}", page, "s", BAR)


def _pages(then: Path, now: Path) -> None:
    assert len(engine.rows(then, now, "grades", engine.Kind.CHANGED)) == 50
