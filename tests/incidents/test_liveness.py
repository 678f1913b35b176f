"""An SMS whose /health is silent: gone, hanging, or only slow to say how it is."""

from __future__ import annotations

import pytest

from incidents.detection import liveness
from incidents.services import signs
from smsops import health
from smsops.health import Health
from tests.incidents.servers import choosy

WELL = '{"status": "healthy"}'
ANSWERS = {health.LIVE: WELL, health.READY: '{"status": "ready"}', health.HEALTH: WELL}


def said(*paths: str) -> str:
    """What is said of an SMS that answers only these."""
    with choosy({path: ANSWERS[path] for path in paths}) as url:
        seen = liveness.beyond(url, health.look(url, timeout=0.5))
    sign = signs.of_health(seen, signs.DOUBT)
    return sign.title if sign else ""


@pytest.mark.parametrize(
    ("paths", "title"),
    [((), "SMS does not answer"), ((health.LIVE,), "SMS hangs"), ((health.LIVE, health.READY), "SMS answers slowly"),
     ((health.LIVE, health.READY, health.HEALTH), "")],
)  # fmt: skip
def test_what_a_silent_health_means_depends_on_what_else_is_said(paths: tuple[str, ...], title: str) -> None:
    assert said(*paths) == title


def test_one_that_is_not_there_at_all_is_not_asked_again() -> None:
    seen = Health("down", False, "/health: connection refused")
    assert liveness.beyond("http://127.0.0.1:9", seen) is seen
