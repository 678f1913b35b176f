"""/health, /health/ready, /health/live and /metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from demo.native import Native
from tests.places import wait_for

DETAILS = {
    "status",
    "timestamp",
    "uptime_seconds",
    "environment",
    "version",
    "checks",
    "statistics",
    "system",
}
LEGACY = {"database", "services", "network"}


def test_the_body_has_the_fields_monitors_read(sms: Native) -> None:
    body = sms.get("/health").json
    assert set(body) == DETAILS | LEGACY
    assert set(body["checks"]) == {"database", "disk_space", "memory", "migrations", "frontend"}
    assert body["checks"]["database"]["journal_mode"] == "wal"
    assert (body["database"], body["environment"]) == ("connected", "native")


def test_the_frontend_check_is_degraded_and_decides_nothing(sms: Native) -> None:
    assert sms.get("/health").json["services"]["frontend"] == "degraded"
    assert sms.get("/health/ready").status == 200


def test_degraded_is_200_for_health_and_503_for_ready(launch: Any) -> None:
    sms = launch(SMS_HEALTH="degraded").started()
    assert (sms.get("/health").status, sms.get("/health").json["status"]) == (200, "degraded")
    assert sms.get("/health/ready").json["detail"]["status"] == "not_ready"


def test_a_full_disk_degrades_only_when_a_limit_is_set(launch: Any) -> None:
    sms = launch(SMS_DISK_LIMIT_PERCENT="0", ENABLE_METRICS="0").started()
    assert sms.get("/health").json["checks"]["disk_space"]["status"] == "degraded"
    assert sms.get("/metrics").status == 404, "ENABLE_METRICS=0 takes the endpoint away"


def test_a_lost_database_is_unhealthy_and_is_not_created_anew(launch: Any, database: Path) -> None:
    sms = launch().started()
    database.unlink()
    assert sms.get("/health").json["detail"]["database"] == "disconnected"
    assert sms.get("/api/v1/students/").status == 500
    assert sms.get("/health/live").status == 200
    assert not database.exists()


def test_a_lost_database_has_a_code_of_its_own_in_era_c(launch: Any, database: Path) -> None:
    sms = launch(SMS_ERA="c").started()
    database.unlink()
    answer = sms.get("/api/v1/students/")
    assert (answer.status, answer.json["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")


def test_a_database_that_is_garbage_is_unhealthy(launch: Any, database: Path) -> None:
    sms = launch().started()
    database.write_bytes(b"not a database" * 1000)
    assert sms.get("/health").status == 503
    assert sms.get("/metrics").status == 200


def test_metrics_count_students_and_requests(sms: Native) -> None:
    sms.get("/api/v1/grades/?limit=1")
    counted = 'sms_http_requests_total{handler="/api/v1/grades/",method="GET",status="2xx"} 1'
    # A request is counted when its answer has been sent, so that whoever has the answer may ask too early.
    wait_for(lambda: counted in sms.get("/metrics").body.decode(), "the count")
    text = sms.get("/metrics").body.decode()
    assert 'sms_students_total{status="active"}' in text
    assert 'sms_app_info{version="1.19.0"' in text
    assert 'sms_http_request_duration_seconds_count{handler="/api/v1/grades/",method="GET"} 1' in text
