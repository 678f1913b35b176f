"""Backups in the admin. Django finds the pages here."""

from backups.admin import backup
from backups.admin.environment import BackUpNow, RestoreLatest
from smsops.admin.actions import add_action
from smsops.models import Environment

add_action(Environment, BackUpNow())
add_action(Environment, RestoreLatest())

__all__ = ["backup"]
