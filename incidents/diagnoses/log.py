"""What SMS's log says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from incidents.diagnoses.base import Case, Diagnosis, Seen, register
from smsops.environments.secrets import known_secrets
from smsops.errors import OpsError
from smsops.redact import redact

LINES, SHOWN, LINE = 1_000, 5, 2_000


@register
class LogSearch(Diagnosis):
    """Searches the last lines for a pattern. `means` is what it says when it is there."""

    key, title, wants = "log", "Search the log", ("pattern",)

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        try:
            wanted = re.compile(str(params["pattern"]))
        except re.error as error:
            raise OpsError(f"“{params['pattern']}” is not a pattern: {error}.") from error
        text = redact(case.runtime.logs(case.environment.instance, LINES), known_secrets(case.environment))
        found = [line.strip() for line in text.splitlines() if wanted.search(line[:LINE])]
        if not found:
            return self.clear(f"The last {LINES:,} lines do not have “{params['pattern']}”.")
        last = "\n".join(line[:300] for line in dict.fromkeys(found[-SHOWN:]))
        means = f"{params['means']} " if params.get("means") else ""
        helps = tuple(params.get("helps", ()))
        return Seen(self.cause("").verdict, f"{means}{len(found)} lines have it, the last:\n{last}", helps)
