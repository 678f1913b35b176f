"""How long the same action is tried again before it has failed."""

from __future__ import annotations

from smsops.errors import OpsError, RuntimeUnavailable
from smsops.models import Step

ENGINE_AWAY = 300.0  # seconds an engine may be away, as after a reboot, before that is a failure
LONGEST_PAUSE = 10.0


def pause(step: Step, error: OpsError, tried: int, tries: int) -> float | None:
    """Seconds to wait before the next try, after `tried` of at most `tries`; None when it is no use to try again.

    An engine that is away is waited for by the clock instead: giving up sooner would leave SMS stopped behind a reboot.
    """
    if not isinstance(error, RuntimeUnavailable):
        step.memo.pop("away_since", None)
        return float(2 ** (tried - 1)) if tried < tries else None
    since = step.memo.setdefault("away_since", step.open_seconds)
    if step.open_seconds - since > ENGINE_AWAY:
        return None
    return float(min(2 ** min(tried - 1, 10), LONGEST_PAUSE))
