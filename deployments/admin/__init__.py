"""Deployments in the admin. Django finds the pages here."""

from deployments.admin import release
from smsops.admin.actions import add_action
from smsops.models import Environment

for action in (release.DeployTo(), release.RollBack(), release.ImportReleases()):
    add_action(Environment, action)

__all__ = ["release"]
