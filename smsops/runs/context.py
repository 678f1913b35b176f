"""What a step sees: its rows, the facts of earlier steps, its memory, the runtime, and the lease it works under."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings

from smsops.models import Environment, Run, Step
from smsops.runs import journal
from smsops.runs.leases import Held
from smsops.runtimes import registry
from smsops.runtimes.base import Runtime


@dataclass
class Context:
    """Handed to probe, do and undo. Facts are keyed by step kind: `ctx.facts["backup.store"]["identifier"]`."""

    run: Run
    step: Step
    held: Held

    @property
    def environment(self) -> Environment:
        return self.run.environment

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = self.run.facts
        return facts

    def fact(self, step: str, name: str, default: Any = None) -> Any:
        """One fact an earlier step found, or the default."""
        return self.facts.get(step, {}).get(name, default)

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the step, on top of the run's."""
        return {**self.run.params, **self.step.params}

    @property
    def memo(self) -> dict[str, Any]:
        memo: dict[str, Any] = self.step.memo
        return memo

    def remember(self, **values: Any) -> None:
        """Write down, durably and before acting on it, what a later worker must know."""
        journal.note(self.held, self.step, memo={**self.step.memo, **values})

    def guard(self) -> None:
        """Call right before a side effect: raises LeaseLost when another worker has taken over."""
        self.held.check()

    @property
    def labels(self) -> dict[str, str]:
        """Labels of everything this step creates."""
        return {
            "smsops.environment": self.environment.name,
            "smsops.run": str(self.run.pk),
            "smsops.token": str(self.held.token),
        }

    @cached_property
    def runtime(self) -> Runtime:
        return registry.runtime_for(self.environment)

    @property
    def work_dir(self) -> Path:
        """A private folder of this run, beside smsops's own data; removed by the run's last step or its undo."""
        path = Path(settings.SMSOPS_WORK_DIR) / f"run-{self.run.pk}"
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path
