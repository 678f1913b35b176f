"""Rows of the deployments app."""

from deployments.models.check import CheckResult
from deployments.models.config import ConfigSnapshot
from deployments.models.finding import Finding, Severity
from deployments.models.operation import Operation
from deployments.models.release import Release
from deployments.models.task import Frequency, PostTask

__all__ = ["CheckResult", "ConfigSnapshot", "Finding", "Frequency", "Operation", "PostTask", "Release", "Severity"]
