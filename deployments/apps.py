"""Registers what the deployments app adds to the kernel."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = "Deployments"

    def ready(self) -> None:
        from backups.services import housekeeping
        from deployments import selectors, verbs
        from deployments.services import again
        from deployments.steps import config, gates, rehearsal, schema
        from smsops.ops import registry
        from smsops.runs import kinds, planners
        from smsops.runs.validation import add_validation

        kinds.register(
            gates.Preconditions, gates.Checklist, config.TakeConfig,
            schema.CopyForTrial, schema.TryDowngrade, schema.CopyStopped, schema.Downgrade,
            schema.StageDowngraded, schema.CompareDowngraded, schema.EndTrial,
            rehearsal.CompareUpgraded, rehearsal.StopSandbox, rehearsal.GoBack, rehearsal.ConcludeRehearsal,
        )  # fmt: skip
        add_validation(gates.Checklist.key)
        housekeeping.add_needs(selectors.needed_backups)
        planners.add(again.PLANNERS)
        registry.add(*verbs.VERBS)
