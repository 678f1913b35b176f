"""Incidents in the admin, and the dashboard, which needs to see all rooms. Django finds the pages here."""

from incidents.admin import alert, alert_source, dashboard, incident, incident_alerts, silence
from incidents.models import Incident
from smsops.admin.parts import PagePart, add_page_part
from smsops.admin.site import add_panel

add_panel(dashboard.panel)
add_page_part(Incident, PagePart("admin/incidents/_alerts.html", incident_alerts.of_incident))

__all__ = ["alert", "alert_source", "dashboard", "incident", "silence"]
