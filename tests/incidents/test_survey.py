"""The slower look: a blank page, slow answers, disks, a certificate, late backups; noticed, and that it is over."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone

from backups.services import schedule
from incidents.detection import certificate, disks, freshness, page, slowness, survey
from incidents.detection.disks import Disk
from incidents.detection.findings import Finding
from incidents.detection.slowness import Figures
from incidents.models import Detection, Incident, Severity, Survey
from smsops.models import Environment
from smsops.runs.plan import By
from tests.factories import make_backup, make_watch
from tests.smsops.servers import answering

LIMITS = Detection()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
READY = {"/health/ready": (200, {"status": "ready"})}
METRICS = """# HELP sms_http_request_duration_seconds Time
sms_http_request_duration_seconds_sum{{handler="/api/v1/grades/",method="GET"}} {sum}
sms_http_request_duration_seconds_count{{handler="/api/v1/grades/",method="GET"}} {count}
sms_api_slow_requests_total{{endpoint="/api/v1/grades/",method="GET"}} {slow}
sms_http_request_duration_seconds_bucket{{handler="/api/v1/grades/",le="0.1"}} 7
"""


def level(finding: Finding) -> str:
    return finding.sign.severity if finding.sign else "well" if finding.well else "unknown"


@pytest.mark.django_db
def test_a_page_that_is_blank_twice_is_an_incident_that_ends_when_it_is_there(environment: Environment) -> None:
    make_watch(environment, status="healthy", ready=True)
    answers: dict[str, tuple[int, Any]] = {"/": (200, ""), **READY}
    with answering(answers) as url:
        Environment.objects.update(base_url=url)
        survey.look_now(environment.pk)
        assert not Incident.objects.exists()
        soon = Survey.objects.get().next_at - timezone.now()
        assert soon < timedelta(seconds=5)
        survey.look_now(environment.pk)
        incident = Incident.objects.get()
        assert (incident.title, incident.severity) == ("Users see a blank page", Severity.CRITICAL)
        assert page.look(Environment.objects.get())[0].sign is not None
        Environment.objects.update(checks_off={"bundle": "The page comes from elsewhere."})
        assert page.look(Environment.objects.get()) == []


@pytest.mark.django_db
def test_nobody_asks_for_the_page_of_an_sms_that_is_away(environment: Environment) -> None:
    make_watch(environment, status="down")
    survey.look_now(environment.pk)
    survey.look_now(environment.pk)
    assert not Incident.objects.exists()


def test_slow_is_what_smsops_waits_for_several_times_and_worse_from_two_seconds_on() -> None:
    assert level(slowness.judge(0.9, [], LIMITS)) == "well"
    assert level(slowness.judge(0.9, None, LIMITS)) == "unknown"
    slow = slowness.judge(1.1, None, LIMITS)
    assert (level(slow), slow.needs) == ("medium", 3)
    assert level(slowness.judge(2.1, None, LIMITS)) == "high"


@pytest.mark.parametrize(
    ("before", "after", "slow"),
    [((1.0, 10, 0), (2.0, 20, 2), False), ((1.0, 10, 0), (16.0, 20, 0), True), ((1.0, 10, 0), (1.2, 11, 3), True),
     ((50.0, 40, 9), (4.0, 20, 2), False), ((1.0, 10, 0), (9.0, 12, 0), False)],
)  # fmt: skip
def test_what_sms_itself_counts_as_slow_since_the_last_look_is(
    before: tuple[float, int, int], after: tuple[float, int, int], slow: bool
) -> None:
    first, second = (slowness.read(METRICS.format(sum=s, count=c, slow=n)) for s, c, n in (before, after))
    assert first.counts == {"GET /api/v1/grades/": before[1]}
    assert bool(slowness.compare(first, second, LIMITS)) == slow


def test_a_name_that_no_database_takes_is_passed_over() -> None:
    found = slowness.read('sms_http_request_duration_seconds_sum{handler="a\0b",method="GET"} 3')
    assert found.sums == {"GET": 3.0}


@pytest.mark.django_db
def test_slow_requests_are_one_incident(environment: Environment) -> None:
    make_watch(environment, status="healthy", ready=True)
    Environment.objects.update(checks_off={"bundle": "None here."})
    old = vars(Figures())
    Survey.objects.create(environment=environment, memory={"figures": old, "figures_at": "2026-03-01T12:00:00+00:00"})
    with answering({**READY, "/metrics": (200, METRICS.format(sum=30, count=10, slow=9))}) as url:
        Environment.objects.update(base_url=url)
        survey.look_now(environment.pk)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == ("SMS is slow", "high")
    assert "GET /api/v1/grades/ took 3.0 s on average (10 requests)" in incident.timeline.filter(kind="sign").get().text


@pytest.mark.parametrize(
    ("free", "live", "found"),
    [(50, False, "well"), (9, False, "medium"), (4, False, "high"), (11, True, "unknown"), (11, False, "well"),
     (14, True, "well")],
)  # fmt: skip
def test_a_disk_is_low_at_two_levels_and_over_only_with_some_more_room(free: int, live: bool, found: str) -> None:
    assert level(disks.judge(Disk("disk:data", "SMS's data", free, 100), LIMITS, live=live)) == found


@pytest.mark.django_db
def test_places_on_one_disk_are_told_once(environment: Environment, tmp_path: Path) -> None:
    environment.data_path = str(tmp_path)
    (disk,) = [each for each in disks.disks(environment) if each.fingerprint == "disk:data"]
    assert "SMS's data" in disk.used_for
    assert 0 < disk.percent < 100


@pytest.mark.parametrize(
    ("days", "found"), [(22, "well"), (20, "medium"), (6, "high"), (0.1, "high"), (-1, "critical")]
)
def test_a_certificate_is_told_of_in_time_and_worse_as_its_end_comes(days: float, found: str) -> None:
    assert level(certificate.judge(NOW + timedelta(days=days), NOW, 21)) == found


def test_the_end_of_a_certificate_is_read_also_of_one_nobody_trusts(tmp_path: Path) -> None:
    with served_with_tls(tmp_path, until := NOW + timedelta(days=900)) as port:
        assert certificate.valid_until("127.0.0.1", port) == until
    assert certificate.valid_until("127.0.0.1", 9) is None


@contextlib.contextmanager
def served_with_tls(folder: Path, until: datetime) -> Iterator[int]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sms.example")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(NOW).not_valid_after(until)
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(
        key.private_bytes(*private) + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "found"), [(20, ""), (29, ""), (31, "medium"), (59, "medium"), (61, "high")])
def test_a_backup_that_was_missed_is_late_and_beyond_the_rpo_too_old(
    environment: Environment, minutes: int, found: str
) -> None:
    backup = make_backup(environment, taken_at=timezone.now() - timedelta(minutes=minutes))
    sign = freshness.judge(environment, backup, timezone.now())
    assert (sign.severity if sign else "") == found


@pytest.mark.django_db
def test_backups_that_are_paused_or_off_or_only_began_are_not_late(environment: Environment) -> None:
    assert freshness.look(environment) == []
    Environment.objects.update(created_at=timezone.now() - timedelta(hours=2))
    environment.refresh_from_db()
    make_backup(environment, reason="adopted")  # taken elsewhere: it keeps no promise
    assert freshness.look(environment)[0].sign is not None
    schedule.pause(environment, timedelta(hours=1), By(name="maria", reason="New disks"))
    assert freshness.look(Environment.objects.get()) == []
    schedule.resume(environment)
    environment.backups_enabled = False
    assert freshness.look(environment) == []
