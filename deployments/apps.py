"""Registers what the deployments app adds to the kernel."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = "Deployments"

    def ready(self) -> None:
        from backups.services import housekeeping
        from deployments import image_verbs, selectors, verbs
        from deployments.steps import archive, building, config, gates, loading, publishing, rehearsal, schema
        from smsops.ops import registry
        from smsops.runs import kinds
        from smsops.runs.validation import add_validation

        kinds.register(
            gates.Preconditions, gates.Checklist, config.TakeConfig,
            schema.CopyForTrial, schema.TryDowngrade, schema.CopyStopped, schema.Downgrade,
            schema.StageDowngraded, schema.CompareDowngraded, schema.EndTrial,
            building.Checkout, building.Build, loading.Load, archive.Archive,
            publishing.ReadMigrations, publishing.Publish, publishing.Tidy,
            rehearsal.CompareUpgraded, rehearsal.StopSandbox, rehearsal.GoBack, rehearsal.ConcludeRehearsal,
        )  # fmt: skip
        add_validation(gates.Checklist.key)
        housekeeping.add_needs(selectors.needed_backups)
        registry.add(*verbs.VERBS, *image_verbs.VERBS)
