"""Backups in the admin. Django finds the pages here."""

from backups.admin import backup, offsite
from backups.admin.environment import (
    BackUpNow,
    PauseBackups,
    RestoreLatest,
    ResumeBackups,
    RetentionInline,
    ScheduleInline,
    TidyUp,
    panel,
)
from smsops.admin.actions import add_action
from smsops.admin.base import add_inline
from smsops.admin.site import add_panel
from smsops.models import Environment

add_action(Environment, BackUpNow())
add_action(Environment, RestoreLatest())
add_action(Environment, TidyUp())
add_action(Environment, PauseBackups())
add_action(Environment, ResumeBackups())
add_inline(Environment, ScheduleInline)
add_inline(Environment, RetentionInline)
add_panel(panel)

__all__ = ["backup", "offsite"]
