"""What the deployments room adds to the kernel: steps, verbs, checks, and what hangs on others' work."""

from __future__ import annotations

from django.conf import settings

from backups.services import housekeeping
from deployments import api, check_verbs, image_verbs, runbook, selectors, verbs
from deployments.checks import (  # noqa: F401  (each registers its own)
    assets,
    clocks,
    data,
    edge,
    endpoints,
    host,
    images,
    limits,
    lists,
    migrations,
    places,
    signing_key,
)
from deployments.checks import (
    registry as checks,
)
from deployments.checks import secrets as secret_checks  # noqa: F401
from deployments.checks import settings as setting_checks  # noqa: F401
from deployments.commands import audit as audit_verbs
from deployments.commands import operations, restarts, rto, tasks
from deployments.services import again, audits, check_policy, check_results, past_secrets, post_tasks
from deployments.steps import (
    archive,
    audit,
    building,
    config,
    downgrade,
    gates,
    loading,
    publishing,
    rehearsal,
    restart,
    rotation,
    rotation_proof,
    rotation_write,
    schema,
    upgrade,
    watch,
)
from smsops.api import registry as calls
from smsops.environments import secrets
from smsops.environments.rules import add_rule
from smsops.ops import registry, trail
from smsops.runbook import registry as chapters
from smsops.runs import kinds, planners
from smsops.runs.validation import add_validation
from smsops.webhooks import events

STEPS = (
    gates.Preconditions, gates.Checklist, config.TakeConfig, watch.MeasureBefore, watch.WatchWindow,
    schema.CopyForTrial, schema.TryDowngrade, downgrade.CopyStopped, downgrade.Downgrade,
    downgrade.StageDowngraded, downgrade.CompareDowngraded, downgrade.EndTrial,
    rehearsal.UpgradeCopy, rehearsal.CompareUpgraded, rehearsal.StopSandbox, rehearsal.GoBack,
    rehearsal.ConcludeRehearsal,
    rotation.CheckRotation, rotation.SignIn, rotation_write.WriteKey, rotation_write.PutKeyBack,
    rotation_proof.Prove, rotation_proof.Record, rotation_proof.RetireOldKey,
    restart.StartAgain, restart.WriteMemory, upgrade.CreateUpgrade, upgrade.RunUpgrade,
    building.Checkout, building.Build, loading.Load, archive.Archive,
    publishing.ReadMigrations, publishing.Publish, publishing.Tidy,
    audit.AuditPackages, audit.AuditFrontend, audit.AuditSecrets, audit.ConcludeAudit,
)  # fmt: skip
VERBS = (
    *verbs.VERBS,
    *check_verbs.VERBS,
    *image_verbs.VERBS,
    *rto.VERBS,
    *restarts.VERBS,
    *operations.VERBS,
    *tasks.VERBS,
)


def register() -> None:
    """Make them known; twice is fine."""
    kinds.register(*STEPS)
    registry.add(*VERBS)
    trail.audit_environments(audit_verbs.of_environment)
    calls.add(api.ROUTERS)
    events.add({"release.announced": "A release came, by its tag or its image"})
    add_validation(gates.Checklist.key)
    housekeeping.add_needs(selectors.needed_backups)
    secrets.add_source(past_secrets.of)
    planners.add(again.PLANNERS)
    post_tasks.add_starter(audits.KIND, audits.start_newest)
    housekeeping.add_chore(check_results.tidy)
    add_rule(check_policy.mistakes)
    chapters.add(*runbook.SOURCES)
    checks.load(settings.SMSOPS_CHECK_MODULES)
