"""Incidents in the admin, and the dashboard, which needs to see all rooms. Django finds the pages here."""

from incidents.admin import dashboard, evidence, first_look, incident, playbook, playbook_part
from incidents.models import Incident
from incidents.services import evidence_runs
from smsops.admin.actions import add_action
from smsops.admin.parts import add_page_part, add_plan_line
from smsops.admin.site import add_panel

add_panel(dashboard.panel)
add_action(Incident, evidence.Collect())
add_action(Incident, playbook_part.Diagnose())
add_page_part(Incident, first_look.PART)
add_page_part(Incident, playbook_part.PART)
add_plan_line(lambda plan: " ".join(evidence_runs.before_a_change(plan.environment)) if plan.disturbs else "")

__all__ = ["dashboard", "incident", "playbook"]
