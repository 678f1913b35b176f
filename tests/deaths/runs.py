"""One of each kind of run, one after the other at the same SMS, and what must be true when it has ended."""

from __future__ import annotations

from backups.models import Backup
from backups.services import restores
from deployments.services import rollbacks
from smsops.models import Run
from smsops.runs.plan import By
from tests.backups.test_restores import left_on_the_volume
from tests.places import Place

BY = By(name="test")
OLD, NEW = "1.18.1", "1.19.0"
GRADES = "SELECT count(*) FROM grades"


def deploy(sms: Place) -> Run:
    """Forward across a migration."""
    return sms.plan_deploy(NEW)


def go_back(sms: Place) -> Run:
    """The schema, back across it."""
    return rollbacks.start(sms.environment, BY, OLD, "schema")


def restore(sms: Place) -> Run:
    """All of the data, as it was before the deploy."""
    sms.execute("DELETE FROM grades WHERE id % 2 = 0")
    return restores.start(_of_before(sms), BY)


def after(run: Run, sms: Place) -> tuple[str, str, bool, int, set[str]]:
    """How it ended: the verdict, the version that runs and whether it is well, its grades, and what was left over."""
    return run.state, sms.running_version(), sms.serving(), sms.ask(GRADES), left_on_the_volume(sms)


def _of_before(sms: Place) -> Backup:
    return Backup.objects.filter(environment=sms.environment, release_version=OLD).earliest("taken_at")


ALL = {deploy: NEW, go_back: OLD, restore: OLD}
