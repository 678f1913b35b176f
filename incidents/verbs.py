"""The verbs of the incidents room."""

from incidents.commands import moves  # noqa: F401  (each adds its acts)
from incidents.commands.incident import INCIDENT
from incidents.commands.logs import LOGS
from incidents.commands.oncall import ONCALL
from incidents.commands.page import PAGE
from incidents.commands.status import STATUS

VERBS = (STATUS, INCIDENT, LOGS, ONCALL, PAGE)
