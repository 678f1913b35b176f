"""The dead man's ping: as long as smsops is well it tells somebody outside, who is to call when it stops (K8).

A whole machine that dies tells nobody. So a service elsewhere waits for this ping, which a worker sends when beat
rings for it: that it comes proves beat, the broker, a worker and the database. The address is a secret.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from django.conf import settings

from smsops import readiness
from smsops.http import ask

log = logging.getLogger(__name__)
PATIENCE = 10.0  # seconds


def ping() -> bool:
    """Tell whoever waits outside; False where nobody does, where smsops is not ready, and where it did not arrive."""
    address: str = settings.SMSOPS_PING_URL
    if not address:
        return False
    missing = [f"{part.name} {part.said}" for part in readiness.parts() if not part.good]
    if missing:
        log.warning("the outside is not told that all is well: %s", ", ".join(missing))
        return False
    url = urlsplit(address)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    answer = ask(f"{url.scheme}://{url.netloc}", path, timeout=PATIENCE)
    if not answer.ok:
        log.warning("the outside was not reached: %s", answer.describe())
    return answer.ok
