"""Registers what the backups app adds to the kernel."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class BackupsConfig(AppConfig):
    name = "backups"
    verbose_name = "Backups"

    def ready(self) -> None:
        from backups.services import again, housekeeping, offsite_tidying
        from smsops.models import Environment
        from smsops.runs import planners

        _register_steps()
        planners.add(again.PLANNERS)
        housekeeping.add_chore(offsite_tidying.forget)
        post_save.connect(_follow_environment, sender=Environment, dispatch_uid="backups.schedule")
        post_delete.connect(_forget_environment, sender=Environment, dispatch_uid="backups.no_schedule")
        _open_doors()


def _open_doors() -> None:
    """What people type and programs ask of backups, what the runbook, webhooks and every page are told of them."""
    from backups import api, receivers, runbook, verbs
    from backups.services.own import standing
    from smsops import troubles
    from smsops.api import registry as calls
    from smsops.ops import registry
    from smsops.runbook import registry as chapters
    from smsops.webhooks import events

    registry.add(*verbs.VERBS)
    chapters.add(runbook.SOURCE)
    calls.add(api.ROUTERS)
    events.add(receivers.EVENTS)
    troubles.add(standing.TROUBLE)


def _register_steps() -> None:
    """Make the kinds of steps known; twice is fine."""
    from backups.steps import (
        adoption,
        backup,
        base_backup,
        comparison,
        connection,
        disasters,
        drill,
        following,
        hold,
        housekeeping,
        offsite,
        restore,
        restore_test,
        restored,
        rows,
        verification,
    )
    from smsops.runs import kinds

    kinds.register(
        backup.TakeSnapshot, backup.Store, backup.EnterInCatalogue, verification.ProveBackup,
        restore.Stage, restore.Settle, restore.KeepOld, restore.Swap, restored.CompareRows, restored.ArchiveOld,
        hold.HoldData, hold.CompareData, hold.ReleaseHold, housekeeping.TidyVault,
        adoption.TakeIn, adoption.Recognise, adoption.MakeDatabase, adoption.CheckDatabase, adoption.Conclude,
        offsite.CopyOffsite, offsite.TidyOffsite, offsite.BringBack,
        restore_test.UnpackForTest, restore_test.Conclude, restore_test.EndTrial,
        drill.UnpackElsewhere, disasters.DeleteRows, drill.PutRowsBackInDrill, disasters.TearDatabase,
        drill.RestoreInDrill, drill.ConcludeDrill,
        connection.AskConnection, following.RestFollower, following.ResumeFollower, base_backup.TakeBaseBackup,
        comparison.UnpackRows, comparison.CompareRows, rows.PlanRows, rows.PutRowsBack, rows.CleanRows,
    )  # fmt: skip


def _follow_environment(instance: Any, raw: bool = False, **_: Any) -> None:
    """An environment that was saved has the schedule its fields say."""
    from backups.services import schedule

    if not raw:
        schedule.sync(instance)


def _forget_environment(instance: Any, **_: Any) -> None:
    from backups.services import schedule

    schedule.drop(instance)
