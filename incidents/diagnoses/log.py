"""What SMS's log says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from incidents.diagnoses.base import Case, Diagnosis, Seen, register
from incidents.expressions import searching
from smsops.environments.secrets import known_secrets
from smsops.redact import redact
from smsops.text import count_text

LINES, SHOWN = 1_000, 5


@register
class LogSearch(Diagnosis):
    """Searches the last lines for a pattern. `means` is what it says when it is there."""

    key, title, wants = "log", "Search the log", ("pattern",)

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        pattern = str(params["pattern"])
        text = redact(case.runtime.logs(case.environment.instance, LINES), known_secrets(case.environment))
        lines = text.splitlines() or [""]
        numbers = searching.find({"it": pattern}, lines)["it"]
        if isinstance(numbers, str):
            return self.unknown(f"“{pattern}” was not looked for: {numbers}")
        found = [lines[number].strip() for number in numbers]
        if not found:
            return self.clear(f"The last {LINES:,} lines do not have “{pattern}”.")
        last = "\n".join(line[:300] for line in dict.fromkeys(found[-SHOWN:]))
        means = f"{params['means']} " if params.get("means") else ""
        helps = tuple(params.get("helps", ()))
        have = count_text(len(found), "line has", "lines have")
        return Seen(self.cause("").verdict, f"{means}{have} it, the last:\n{last}", helps)
