"""Registers what the deployments app adds to the kernel."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = "Deployments"

    def ready(self) -> None:
        from backups.services import housekeeping
        from deployments import (
            receivers,  # noqa: F401
            selectors,
            verbs,
        )
        from deployments.commands import audit as audit_verbs
        from deployments.commands import operations, rto, tasks
        from deployments.services import audits, post_tasks
        from deployments.steps import audit, config, gates, rehearsal, schema
        from smsops.ops import registry
        from smsops.runs import kinds
        from smsops.runs.validation import add_validation

        kinds.register(
            gates.Preconditions, gates.Checklist, config.TakeConfig,
            schema.CopyForTrial, schema.TryDowngrade, schema.CopyStopped, schema.Downgrade,
            schema.StageDowngraded, schema.CompareDowngraded, schema.EndTrial,
            audit.AuditPackages, audit.AuditFrontend, audit.AuditSecrets, audit.ConcludeAudit,
            rehearsal.CompareUpgraded, rehearsal.StopSandbox, rehearsal.GoBack, rehearsal.ConcludeRehearsal,
        )  # fmt: skip
        add_validation(gates.Checklist.key)
        housekeeping.add_needs(selectors.needed_backups)
        registry.add(*verbs.VERBS, *rto.VERBS, *operations.VERBS, *tasks.VERBS, *audit_verbs.VERBS)
        post_tasks.add_starter(audits.KIND, audits.start_newest)
