"""Until when the certificate of SMS's web address is valid (I1)."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from django.utils import timezone

from incidents.detection.findings import Finding
from incidents.fingerprints import CERTIFICATE
from incidents.models import Detection, Severity
from incidents.services.incidents import Sign
from smsops import wall_clock
from smsops.models import Environment

EVERY = timedelta(hours=1)
PATIENCE = 5.0


def look(environment: Environment, limits: Detection, memory: dict[str, object]) -> list[Finding]:
    """Ask once an hour; nothing for an address without TLS. One that cannot be had says nothing: whether SMS answers is
    seen elsewhere."""
    url, now = urlsplit(environment.base_url), timezone.now()
    asked = memory.get("certificate_asked")
    if url.scheme != "https" or not limits.certificate_days:
        return []
    if isinstance(asked, str) and wall_clock.lately(datetime.fromisoformat(asked), EVERY, now):
        return []
    memory["certificate_asked"] = now.isoformat()
    until = valid_until(url.hostname or "", url.port or 443)
    return [judge(until, now, limits.certificate_days)] if until is not None else []


def judge(until: datetime, now: datetime, days: int) -> Finding:
    """What is left of it."""
    left = until - now
    if left > timedelta(days=days):
        return Finding(CERTIFICATE, well=f"The certificate is valid until {until:%Y-%m-%d}.")
    detail = f"It is valid until {until:%Y-%m-%d %H:%M} UTC. Browsers refuse SMS's address afterwards."
    if left <= timedelta():
        return Finding(CERTIFICATE, Sign(CERTIFICATE, Severity.CRITICAL, "The certificate has ended", detail))
    severity = Severity.HIGH if left <= timedelta(days=days / 3) else Severity.MEDIUM
    title = f"The certificate ends on {until:%Y-%m-%d}"
    return Finding(CERTIFICATE, Sign(CERTIFICATE, severity, title, detail))


def valid_until(host: str, port: int) -> datetime | None:
    """The end of the certificate that is shown there, whoever signed it; None where none can be had."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is looked at, nothing is said to it
    try:
        with socket.create_connection((host, port), timeout=PATIENCE) as plain:
            plain.settimeout(PATIENCE)
            with context.wrap_socket(plain, server_hostname=host) as secured:
                shown = secured.getpeercert(binary_form=True)
    except OSError:
        return None
    return x509.load_der_x509_certificate(shown).not_valid_after_utc if shown else None
