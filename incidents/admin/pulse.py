"""On every page: whether somebody sends pages. On the dashboard: whether one would reach anybody."""

from __future__ import annotations

from incidents.services import life


def warning() -> str:
    """That the schedule is dead, for everybody to see; empty when all is well."""
    return life.complaint()
