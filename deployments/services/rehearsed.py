"""What the newest rehearsal of a release said, in the form in which pages show it (D10)."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.models import Release
from deployments.services import rehearsals
from deployments.steps import gates, rehearsal
from smsops.models import Run, Step
from smsops.switch import sandbox

PARTS = (
    ("Upgrade", rehearsal.UpgradeCopy.key),
    ("Start", sandbox.SandboxGate.key),
    ("Checklist", gates.Checklist.key),
    ("Way back", rehearsal.GoBack.key),
)
WORDS = {"never": "Never rehearsed", "passed": "Passed", "failed": "Failed", "outdated": "Out of date"}


@dataclass(frozen=True)
class Loss:
    """A table that had fewer rows afterwards."""

    table: str
    before: int
    after: int

    @property
    def lost(self) -> int:
        return self.before - self.after


@dataclass(frozen=True)
class Result:
    """`state` is one of `WORDS`; `said` what came of it or why it does not count any more; `took` seconds by part, None
    for one that was not gone through; `lost` the tables that lost rows, going up or on the way back."""

    state: str
    said: str
    run: Run | None = None
    under_way: Run | None = None
    took: tuple[tuple[str, float | None], ...] = ()
    lost: tuple[Loss, ...] = ()

    @property
    def word(self) -> str:
        return WORDS[self.state]

    def says(self, note: str) -> bool:
        """Whether a note of a plan tells the same; its “ago” may be a moment later."""
        verdict = self.run.headline or self.run.cause if self.run is not None else ""
        return note == self.said or (verdict != "" and verdict in note)


def of(release: Release) -> Result:
    """What is known of this release."""
    run, now = rehearsals.newest(release), rehearsals.under_way(release)
    ok, said = rehearsals.verdict(release)
    if run is None:
        return Result("never", said, under_way=now)
    steps = {step.kind: step for step in run.steps.all()}
    took = tuple((label, _took(steps.get(key))) for label, key in PARTS)
    state = "passed" if ok else "failed" if rehearsals.failed(release, run) else "outdated"
    return Result(state, said, run, now, took, _lost(run, steps))


def _took(step: Step | None) -> float | None:
    return step.seconds if step is not None and step.state in ("done", "failed", "undone") else None


def _lost(run: Run, steps: dict[str, Step]) -> tuple[Loss, ...]:
    before: dict[str, int] = run.facts.get("test.unpack", {}).get("row_counts", {})
    found = [steps[key].memo.get("row_counts") for key in ("rehearsal.compare", "rehearsal.back") if key in steps]
    drops = {*run.params.get("drops", ()), "alembic_version"}
    after = next((rows for rows in reversed(found) if rows), before)
    return tuple(
        Loss(table, count, after.get(table, 0))
        for table, count in sorted(before.items())
        if after.get(table, 0) < count and table not in drops
    )
