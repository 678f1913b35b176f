"""The verbs of the incidents room."""

from incidents.commands import after, moves, objectives  # noqa: F401  (moves adds its acts)
from incidents.commands.incident import INCIDENT
from incidents.commands.logs import LOGS
from incidents.commands.status import STATUS

VERBS = (STATUS, INCIDENT, LOGS, *after.VERBS, *objectives.VERBS)
