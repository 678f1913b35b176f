"""The verbs of the incidents room."""

from incidents.commands import moves  # noqa: F401  (each adds its acts)
from incidents.commands.alerts import ALERTS, SILENCE
from incidents.commands.incident import INCIDENT
from incidents.commands.logs import LOGS
from incidents.commands.sources import SOURCE, SOURCES
from incidents.commands.status import STATUS

VERBS = (STATUS, INCIDENT, LOGS, ALERTS, SILENCE, SOURCES, SOURCE)
