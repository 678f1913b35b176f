"""Incidents in the admin, and the dashboard, which needs to see all rooms. Django finds the pages here."""

from incidents.admin import dashboard, incident, pages, people, policies, pulse
from incidents.models import EscalationPolicy, Incident, Rota
from smsops.admin.parts import add_page_part
from smsops.admin.site import add_panel, add_warning

add_panel(dashboard.panel)
add_panel(pulse.panel)
add_warning(pulse.warning)
add_page_part(Incident, pages.OF_INCIDENT)
add_page_part(EscalationPolicy, policies.PREVIEW)
add_page_part(Rota, people.NEXT_DAYS)

__all__ = ["dashboard", "incident", "pages", "people", "policies"]
