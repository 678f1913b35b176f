"""News from below: what goes wrong there becomes incidents, what goes well ends them.

Receivers may be called again for the same news (a worker may have died in between), so each is safe to repeat.
"""

from incidents.receivers import after, backups, beat, escalation, first_look, logs, people, responses, runs, webhooks

__all__ = ["after", "backups", "beat", "escalation", "first_look", "logs", "people", "responses", "runs", "webhooks"]
