"""Deployments in the admin. Django finds the pages here."""

from deployments.admin import (
    check,
    config,
    finding,
    first_steps,
    images,
    operation,
    rehearsed,
    release,
    restarts,
    rollback,
    rotation,
    rto,
    task,
)
from deployments.models import Release
from deployments.services import rehearsals
from smsops.admin.actions import add_action
from smsops.admin.parts import PagePart, RunPart, add_page_part, add_part, add_plan_line
from smsops.admin.site import add_page
from smsops.models import Environment, Run

BUTTONS = (
    release.DeployTo(),
    rollback.RollBack(),
    release.ImportReleases(),
    images.Load(),
    images.Archive(),
    rotation.RotateKey(),
    *restarts.BUTTONS,
)
for action in BUTTONS:
    add_action(Environment, action)

add_action(Environment, check.CheckNow())
add_action(Release, check.CheckPreconditions())
add_page_part(Environment, check.LAST)
add_page_part(Release, rehearsed.OF_RELEASE)
add_page_part(Run, check.NOT_PASSED)
add_page("deployments/config/<row:pk>/diff/", "deployments_config_diff", config.page)
add_page_part(Environment, PagePart("admin/deployments/_rto.html", rto.of_environment))
add_page_part(Run, PagePart("admin/deployments/_rto_run.html", rto.of_run))
add_plan_line(rto.of_plan)
add_action(Release, finding.Audit())
add_part("audit", RunPart("admin/deployments/_findings.html", finding.of_run))
add_part(rehearsals.KIND, rehearsed.NEXT)
first_steps.register()

__all__ = ["check", "config", "finding", "images", "operation", "release", "rollback", "rotation", "task"]
