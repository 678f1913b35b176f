"""Registers what the deployments app adds to the kernel."""

from django.apps import AppConfig
from django.conf import settings as django_settings


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = "Deployments"

    def ready(self) -> None:
        from backups.services import housekeeping
        from deployments import check_verbs, selectors, verbs
        from deployments.checks import (  # noqa: F401  (each registers its own)
            assets,
            clocks,
            data,
            endpoints,
            host,
            images,
            limits,
            lists,
            migrations,
            places,
            secrets,
            settings,
        )
        from deployments.checks import registry as checks
        from deployments.services import check_policy, check_results
        from deployments.steps import config, gates, rehearsal, schema
        from smsops.environments.rules import add_rule
        from smsops.ops import registry
        from smsops.runs import kinds
        from smsops.runs.validation import add_validation

        kinds.register(
            gates.Preconditions, gates.Checklist, config.TakeConfig,
            schema.CopyForTrial, schema.TryDowngrade, schema.CopyStopped, schema.Downgrade,
            schema.StageDowngraded, schema.CompareDowngraded, schema.EndTrial,
            rehearsal.CompareUpgraded, rehearsal.StopSandbox, rehearsal.GoBack, rehearsal.ConcludeRehearsal,
        )  # fmt: skip
        add_validation(gates.Checklist.key)
        housekeeping.add_needs(selectors.needed_backups)
        housekeeping.add_chore(check_results.tidy)
        add_rule(check_policy.mistakes)
        checks.load(django_settings.SMSOPS_CHECK_MODULES)
        registry.add(*verbs.VERBS, *check_verbs.VERBS)
