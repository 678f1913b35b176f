"""Registers what the deployments app adds to the kernel."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = "Deployments"

    def ready(self) -> None:
        from backups.services import housekeeping
        from deployments import selectors, verbs
        from deployments.services import past_secrets
        from deployments.steps import config, gates, rehearsal, rotation, rotation_proof, rotation_write, schema
        from smsops.environments import secrets
        from smsops.ops import registry
        from smsops.runs import kinds
        from smsops.runs.validation import add_validation

        kinds.register(
            gates.Preconditions, gates.Checklist, config.TakeConfig,
            schema.CopyForTrial, schema.TryDowngrade, schema.CopyStopped, schema.Downgrade,
            schema.StageDowngraded, schema.CompareDowngraded, schema.EndTrial,
            rehearsal.CompareUpgraded, rehearsal.StopSandbox, rehearsal.GoBack, rehearsal.ConcludeRehearsal,
            rotation.CheckRotation, rotation.SignIn, rotation_write.WriteKey,
            rotation_proof.Prove, rotation_proof.Record, rotation_proof.RetireOldKey,
        )  # fmt: skip
        add_validation(gates.Checklist.key)
        housekeeping.add_needs(selectors.needed_backups)
        secrets.add_source(past_secrets.of)
        registry.add(*verbs.VERBS)
