"""The verbs of the incidents room."""

from incidents.commands import evidence, moves  # noqa: F401  (each adds its acts)
from incidents.commands.incident import INCIDENT
from incidents.commands.logs import LOGS
from incidents.commands.playbooks import PLAYBOOKS
from incidents.commands.status import STATUS

VERBS = (STATUS, INCIDENT, LOGS, PLAYBOOKS)
