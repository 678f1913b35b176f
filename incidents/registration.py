"""What the incidents room adds to the rooms below."""

from __future__ import annotations

from functools import partial

from backups.services import housekeeping
from deployments.operations.disturbances import add_source
from incidents import api, diagnoses, selectors, verbs  # noqa: F401  (each diagnosis registers itself)
from incidents.privacy import runs_seen_by, scope_of, scopes_hidden_from
from incidents.receivers import webhooks
from incidents.runbook import rooms
from incidents.services import digestion, disturbances, evidence_runs, neglect, personal, sweep
from incidents.steps import diagnosis, evidence
from smsops import afterwards
from smsops.api import registry as operations
from smsops.audit import discretion
from smsops.limits import add_limit
from smsops.models import Run
from smsops.ops import registry
from smsops.runbook import registry as chapters
from smsops.runs import kinds, preludes
from smsops.runs.preludes import Prelude
from smsops.webhooks import events


def register() -> None:
    """Make it known; twice is fine."""
    add_limit(Run, runs_seen_by)
    discretion.add_rule(scope_of, scopes_hidden_from)
    housekeeping.add_needs(selectors.needed_backups)
    housekeeping.add_chore(digestion.tidy)
    housekeeping.add_chore(personal.tidy)
    add_source(disturbances.since)
    registry.add(*verbs.VERBS)
    operations.add(api.ROUTERS)
    events.add(webhooks.EVENTS)
    chapters.add(*rooms.SOURCES)
    kinds.register(*evidence.STEPS, *diagnosis.STEPS)
    preludes.add(Prelude(evidence.FreezeFirst.key, "the evidence", evidence_runs.before_a_change))
    afterwards.add(afterwards.Duty("read alerts", neglect.unread, neglect.read))
    afterwards.add(afterwards.Duty("look at alerts", neglect.unwatched, neglect.watch))
    afterwards.add(afterwards.Duty("send pages", sweep.needed, partial(sweep.sweep, sweep.WEB)))
