"""Incidents in the admin, and the dashboard, which needs to see all rooms. Django finds the pages here."""

from incidents.admin import dashboard, incident
from smsops.admin.site import add_panel

add_panel(dashboard.panel)

__all__ = ["dashboard", "incident"]
