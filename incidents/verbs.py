"""The verbs of the incidents room."""

from incidents.commands import after, evidence, moves, objectives, people, reporting, ways  # noqa: F401  (add acts)
from incidents.commands.alerts import ALERTS, SILENCE
from incidents.commands.incident import INCIDENT
from incidents.commands.logs import LOGS
from incidents.commands.monitoring import MONITORING
from incidents.commands.oncall import ONCALL
from incidents.commands.page import PAGE
from incidents.commands.playbooks import PLAYBOOKS
from incidents.commands.runbook import RUNBOOK
from incidents.commands.sources import SOURCE, SOURCES
from incidents.commands.status import STATUS

ALERTING = (ALERTS, SILENCE, SOURCES, SOURCE, MONITORING)
VERBS = (STATUS, INCIDENT, LOGS, ONCALL, PAGE, PLAYBOOKS, RUNBOOK, *ALERTING, *after.VERBS, *objectives.VERBS)
