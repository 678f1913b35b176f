"""Incidents in the admin, and the dashboard, which needs to see all rooms. Django finds the pages here."""

from incidents.admin import (
    action_item,
    after,
    alert,
    alert_source,
    clock,
    dashboard,
    dashboard_of,
    detection,
    evidence,
    first_look,
    first_steps,
    incident,
    incident_alerts,
    objectives,
    pages,
    people,
    playbook,
    playbook_part,
    policies,
    postmortem,
    pulse,
    reporting,
    review_rule,
    runbook,
    searching,
    severity_rule,
    silence,
)
from incidents.admin.postmortem_actions import DraftIt
from incidents.models import EscalationPolicy, Incident, Rota
from incidents.services import evidence_runs
from smsops.admin.actions import add_action
from smsops.admin.base import add_inline
from smsops.admin.parts import PagePart, add_page_part, add_plan_line
from smsops.admin.site import add_page, add_panel, add_warning
from smsops.models import Environment

first_steps.register()
add_panel(dashboard.panel)
add_warning(pulse.warning)
add_inline(Environment, detection.DetectionInline)
add_action(Incident, evidence.Collect())
add_action(Incident, playbook_part.Diagnose())
add_action(Incident, DraftIt())
add_action(Incident, reporting.EstablishFact())
add_action(Environment, reporting.ReportIncident())
add_page_part(Incident, clock.PART)
add_page_part(Incident, first_look.PART)
add_page_part(Incident, playbook_part.PART)
add_page_part(Incident, PagePart("admin/incidents/_alerts.html", incident_alerts.of_incident))
add_page_part(Incident, pages.OF_INCIDENT)
add_page_part(EscalationPolicy, policies.PREVIEW)
add_page_part(Rota, people.NEXT_DAYS)
add_page_part(Incident, PagePart("admin/incidents/_after.html", after.of_incident))
add_plan_line(lambda plan: " ".join(evidence_runs.before_a_change(plan.environment)) if plan.disturbs else "")
add_page("dashboard/live/", "incidents_dashboard_live", dashboard.live)
add_page("dashboard/later/", "incidents_dashboard_later", dashboard.later)
add_page("dashboard/of/<slug:name>/", "incidents_dashboard_of", dashboard_of.page)
add_page("dashboard/of/<slug:name>/live/", "incidents_dashboard_of_live", dashboard_of.live)
add_page("dashboard/of/<slug:name>/later/", "incidents_dashboard_of_later", dashboard_of.later)
add_page("objectives/", "incidents_objectives", objectives.overview)
add_page("objectives/<slug:name>/", "incidents_objectives_of", objectives.environment_page)
add_page("objectives/<slug:name>/<slug:month>/", "incidents_objectives_month", objectives.month_page)
add_page("runbook/", "incidents_runbook", runbook.general_page)
add_page("runbook/note/<str:section>/", "incidents_runbook_general_note", runbook.general_note)
add_page("runbook/<slug:name>/", "incidents_runbook_of", runbook.environment_page)
add_page("runbook/<slug:name>/note/<str:section>/", "incidents_runbook_note", runbook.environment_note)
add_page_part(Environment, PagePart("admin/incidents/_runbook.html", runbook.of_environment, above=True))
add_page("search/", "incidents_search", searching.page)

__all__ = [
    "action_item",
    "alert",
    "alert_source",
    "dashboard",
    "dashboard_of",
    "detection",
    "incident",
    "pages",
    "people",
    "playbook",
    "policies",
    "postmortem",
    "review_rule",
    "severity_rule",
    "silence",
]
