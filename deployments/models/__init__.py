"""Rows of the deployments app."""

from deployments.models.release import Release

__all__ = ["Release"]
