"""Deployments in the admin. Django finds the pages here."""

from deployments.admin import check, config, release, rollback
from deployments.models import Release
from smsops.admin.actions import add_action
from smsops.admin.base import add_inline
from smsops.admin.parts import add_common_part
from smsops.admin.site import add_page
from smsops.models import Environment

for action in (release.DeployTo(), rollback.RollBack(), release.ImportReleases()):
    add_action(Environment, action)

add_action(Environment, check.CheckNow())
add_action(Release, check.CheckPreconditions())
add_inline(Environment, check.LastChecks)
add_common_part(check.NOT_PASSED)
add_page("deployments/config/<row:pk>/diff/", "deployments_config_diff", config.page)

__all__ = ["check", "config", "release", "rollback"]
