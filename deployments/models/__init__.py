"""Rows of the deployments app."""

from deployments.models.check import CheckResult
from deployments.models.config import ConfigSnapshot
from deployments.models.release import Release

__all__ = ["CheckResult", "ConfigSnapshot", "Release"]
