"""What happens to one SMS: deployed forward, its schema taken back, restored; and what must be true after each run."""

from __future__ import annotations

from collections import Counter
from itertools import cycle
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now

from deployments import selectors
from smsops.models import Lease, Run, RunState
from smsops.runs.plan import active_exclusive
from tests.backups.test_restores import left_on_the_volume
from tests.deaths.hunts import told
from tests.deaths.runs import GRADES, NEW, OLD, deploy, go_back, restore
from tests.places import Place, wait_for


class Story:
    """Told from an SMS of 1.18.1, of which a backup is there; `verdicts` counts how the runs ended."""

    def __init__(self, sms: Place) -> None:
        self.sms, self.version, self.grades = sms, OLD, sms.ask(GRADES)
        self.whole = self.grades
        self.verdicts: Counter[str] = Counter()
        self.acts = cycle([self._move, self._move, self._restore])

    def begin(self) -> Run:
        """Ask for the next run."""
        wait_for(lambda: told(lambda: active_exclusive(self.sms.environment)) is None, "quiet")
        return next(self.acts)()

    def _move(self) -> Run:
        """Forward across a migration, or back across it."""
        if self.version == OLD:
            self.aim = (NEW, self.grades)
            return deploy(self.sms)
        self.aim = (OLD, self.grades)
        return go_back(self.sms)

    def _restore(self) -> Run:
        self.aim, run = (OLD, self.whole), restore(self.sms)
        self.grades = self.sms.ask(GRADES)
        return run

    def check(self, run: Run) -> None:
        """Nothing is half done: SMS is what the verdict says, whole, alone, and nothing is left over."""
        self.verdicts[f"{run.kind} {run.state}"] += 1
        assert run.state in (RunState.SUCCEEDED, RunState.UNDONE, RunState.SAFE), run.headline
        if run.state == RunState.SUCCEEDED:
            self.version, self.grades = self.aim
        else:
            print(f"{run.title}: {run.headline}")
        release = selectors.find(self.sms.environment, self.version)
        (alone,) = [each for each in self.sms.runtime.instances() if each.up]
        assert (alone.name, alone.version) == (self.sms.environment.instance, self.version)
        assert self.sms.serving()
        assert self.sms.ask(f"SELECT count(*) FROM alembic_version WHERE version_num = '{release.heads}'") == 1
        assert self.sms.ask(GRADES) == self.grades
        assert left_on_the_volume(self.sms) == set()
        assert not (Path(settings.SMSOPS_WORK_DIR) / f"run-{run.pk}").exists()
        wait_for(lambda: not told(lambda: self._held(run)), "the lease to be given back")

    @staticmethod
    def _held(run: Run) -> bool:
        return Lease.objects.filter(scope=run.lease_scope, expires_at__gt=Now()).exists()
