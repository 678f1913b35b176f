"""Deployments in the admin. Django finds the pages here."""

from deployments.admin import config, images, release, rollback, rotation
from smsops.admin.actions import add_action
from smsops.admin.site import add_page
from smsops.models import Environment

BUTTONS = (
    release.DeployTo(),
    rollback.RollBack(),
    release.ImportReleases(),
    images.Load(),
    images.Archive(),
    rotation.RotateKey(),
)
for action in BUTTONS:
    add_action(Environment, action)

add_page("deployments/config/<row:pk>/diff/", "deployments_config_diff", config.page)

__all__ = ["config", "images", "release", "rollback", "rotation"]
