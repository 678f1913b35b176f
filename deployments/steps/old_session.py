"""The session a rotation opens with the old key: kept sealed while the run lasts, and forgotten then."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

from deployments.checks.endpoints import ME
from smsops.fields import decrypt, encrypt
from smsops.http import Answer, ask
from smsops.runs import journal
from smsops.runs.context import Context

STEP = "rotation.sign_in"
MARGIN = 5  # seconds before its end in which a token proves nothing any more


@dataclass(frozen=True)
class OldSession:
    """A token that was good when the old key was."""

    token: str

    def ask(self, base_url: str) -> Answer:
        """What SMS says to it now."""
        return ask(base_url, ME, timeout=10, headers={"Authorization": f"Bearer {self.token}"})

    @property
    def over(self) -> bool:
        """Whether it ended by itself; a token that does not tell when it ends is taken to last."""
        end = _claims(self.token).get("exp")
        return isinstance(end, int | float) and end - MARGIN < time.time()


def sealed(token: str) -> dict[str, str]:
    """What a step remembers of it."""
    return {"sealed": encrypt(token)}


def of(ctx: Context) -> OldSession | None:
    """The session; None when there is none, or when it is over."""
    kept = ctx.run.steps.get(kind=STEP).memo.get("sealed", "")
    found = OldSession(decrypt(kept)) if kept else None
    return found if found and found.token and not found.over else None


def forget(ctx: Context) -> None:
    """Leave nothing of it behind."""
    step = ctx.run.steps.get(kind=STEP)
    step = ctx.step if step.pk == ctx.step.pk else step
    journal.note(ctx.held, step, memo={name: value for name, value in step.memo.items() if name != "sealed"})


def _claims(token: str) -> dict[str, Any]:
    """What a JWT says of itself; nothing of what is none."""
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
