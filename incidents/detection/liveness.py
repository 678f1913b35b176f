"""What else an SMS says that does not answer /health in time (sms-contract, surprise 15: it may take five seconds)."""

from __future__ import annotations

from dataclasses import replace

from smsops import health
from smsops.health import Health
from smsops.http import ask

ALIVE, SERVING = 1.0, 1.5  # seconds


def beyond(base_url: str, seen: Health) -> Health:
    """The same, unless /health was silent: then with what its liveness says, and, where it lives and is ready all the
    same, as degraded: only /health itself is slow."""
    if seen.status != "down" or "no answer within" not in seen.detail:
        return seen
    live = ask(base_url, health.LIVE, timeout=ALIVE)
    if not live.ok:
        return replace(seen, detail=f"{seen.detail}; {health.LIVE}: {live.describe()}")
    ready = ask(base_url, health.READY, timeout=SERVING)
    said = f"{seen.detail}; {health.LIVE}: {live.describe()}; {health.READY}: {ready.describe()}"
    if ready.ok and health.unwrap(ready.json()).get("status") == "ready":
        return replace(seen, status="degraded", ready=True, detail=said)
    return replace(seen, detail=said)
