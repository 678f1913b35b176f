"""The written report of a drill: a Markdown file beside smsops's own data (runbook §9)."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from backups.models import Backup
from backups.services.drills import Scenario
from smsops.models import Phase, Run
from smsops.text import bytes_text, count_text, seconds_text


def folder() -> Path:
    """Where the reports are: beside smsops's own data."""
    return Path(settings.DATA_DIR) / "drills"


def write(run: Run, scenario: Scenario, backup: Backup, took: float) -> Path:
    """Write the report of a drill, a Markdown file; writing it again replaces it."""
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"{run.environment.name}-r{run.pk}.md"
    private = path.with_name(f".{path.name}")
    private.write_text(text_of(run, scenario, backup, took), encoding="utf-8")
    private.replace(path)
    return path


def text_of(run: Run, scenario: Scenario, backup: Backup, took: float) -> str:
    """The report as Markdown: what was rehearsed, how long each phase of runbook §6.2 took, every step."""
    target = run.environment.rto_minutes * 60
    colour = "GREEN" if took <= target else "YELLOW" if took <= 2 * target else "RED"
    steps = [step for step in run.steps.all() if step.started_at]
    phases = "\n".join(
        f"| {phase.label} | {seconds_text(sum(step.work_seconds for step in steps if step.phase == phase))} |"
        for phase in Phase
    )
    told = "\n".join(f"{at}. {step.title}: {seconds_text(step.work_seconds)}. {_line(step.output)}" for at, step in
                     enumerate(steps, 1))  # fmt: skip
    rows = count_text(sum(backup.row_counts.values()), "row")
    return f"""# Drill at {run.environment}: {scenario.title}

- When: {run.created_at:%Y-%m-%d %H:%M} UTC, run {run.pk}, {run.actor_name or run.trigger}
- What: {scenario.what}
- Backup: {backup.identifier}, {bytes_text(backup.size)}, {rows}, release {backup.release_version or "unknown"}
- Back after: {seconds_text(took)} (RTO {target // 60} min): **{colour}**

| Phase | Time |
| --- | --- |
{phases}

{told}
"""


def _line(text: str) -> str:
    return text.splitlines()[0][:200] if text else ""
