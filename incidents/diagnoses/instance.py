"""How the instance is, by the engine's own account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from incidents.diagnoses.base import Case, Diagnosis, Seen, Verdict, register
from incidents.services.triage import told
from smsops.text import count_text

SPAN = timedelta(minutes=30)
# Of SMS's entrypoint (sms-contract §6); what ends with a signal is told by 128 and its number.
CODES = {
    1: "the environment it was started in is wrong, or an import failed",
    2: "its migrations failed",
    3: "the migration runner broke",
    4: "the server could not be started",
    137: "it was killed (SIGKILL), as for memory",
    139: "it crashed (segmentation fault)",
    143: "it was asked to end (SIGTERM)",
}
HELPS = {1: ("rollback_code", "rebuild"), 2: ("rollback_schema", "rollback_code"), 3: ("rollback_schema",),
         137: ("more_memory",)}  # fmt: skip


@register
class Ending(Diagnosis):
    """How it ended last: its exit code, and whether memory ran out."""

    key, title = "ending", "Exit code and memory"

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        found, now = case.instance, timezone.now()
        if found is None:
            return Seen(Verdict.CAUSE, "There is no instance under SMS's name.", ("rollback_code",))
        events = case.runtime.events(found.name, now - SPAN, now)
        limit = f"its limit is {case.environment.memory_limit_mb} MB"
        if found.oom_killed or any(event.action == "oom" for event in events):
            return Seen(Verdict.CAUSE, f"It was killed for memory; {limit}. {told(found)}", ("more_memory",))
        codes = [event.exit_code for event in events if event.action == "die" and event.exit_code]
        code = codes[-1] if codes else found.exit_code
        if not code:
            return self.clear(f"It did not die within half an hour. {told(found)}")
        deaths = f"It died {count_text(len(codes), 'time')} within half an hour" if codes else "It ended"
        why = CODES.get(code, "SMS has no such code of its own")
        return Seen(Verdict.CAUSE, f"{deaths}, exit code {code}: {why}; {limit}.", HELPS.get(code, ("restart",)))
