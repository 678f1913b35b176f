"""What SMS of each era answers: well, and in every trouble that the checks have to tell apart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.deployments.eras.server import Answers, Asked, Reply

ERAS = ("a", "b", "c")
COUNTS = {"students": 3, "courses": 2, "grades": 5, "enrollments": 4}
STUDENTS = [{"id": 1, "first_name": "Maria", "last_name": "Papadopoulou"}]
GRADES = [{"id": 1, "student_id": 1, "grade": 17.5}]
PAGE = '<html><div id="root"></div><script type="module" src="/assets/index-8be7fef1.js"></script></html>'
LIMITS = {"a": 60, "b": 300, "c": 1000}
VERSIONS = {"a": "1.9.8", "b": "1.18.1", "c": "1.18.53"}
ME = {"email": "smoke@school.example", "role": "admin", "is_active": True}


def now() -> str:
    """SMS's naive local time; the tests' school is in UTC."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat()


def good(era: str, payload: Any) -> Any:
    """A success: bare, or in era C's envelope."""
    meta = {"request_id": "req_1", "timestamp": now(), "version": VERSIONS[era]}
    return {"success": True, "data": payload, "error": None, "meta": meta} if era == "c" else payload


def bad(era: str, code: int, detail: Any, path: str = "/health", word: str = "") -> Reply:
    """An error: a problem document, or era C's envelope."""
    if era == "c":
        error = {"code": word or f"HTTP_{code}", "message": "HTTP Exception", "details": detail, "path": path}
        return Reply({"success": False, "data": None, "error": error, "meta": {"request_id": "req_1"}}, code)
    url = f"https://httpstatuses.com/{code}"
    return Reply({"type": url, "title": "HTTP Exception", "status": code, "detail": detail, "instance": path,
                  "errors": None}, code)  # fmt: skip


def refusal(era: str, code: int, word: str, message: str, **more: Any) -> Reply:
    """An error with an identifier, as the routers raise it."""
    detail = {"error_id": word, "error_code": word, "message": message, "request_id": "req_1", **more}
    return bad(era, code, detail, "/api/v1")


def health(era: str, status: str = "healthy", **changes: Any) -> dict[str, Any]:
    """The real body of /health."""
    database = "unhealthy" if status == "unhealthy" else "healthy"
    checks = {
        "database": check(database, "Database connection failed: disk I/O error" if database != "healthy" else "ok"),
        "disk_space": check(status if status == "degraded" else "healthy", "Disk space 93 % used"),
        "migrations": check("healthy", "Database migrations up to date"),
        "frontend": check("degraded", "Frontend not reachable on known ports"),
    }
    if era != "a":
        checks["memory"] = check("healthy", "Memory usage normal")
    body = {
        "status": status, "timestamp": now(), "uptime_seconds": 40, "environment": "docker",
        "version": "unknown" if era == "a" else VERSIONS[era], "checks": checks, "statistics": dict(COUNTS),
        "system": {"hostname": "sms", "ips": ["172.17.0.2"], "python_version": "3.11.9"},
        "database": "connected" if database == "healthy" else "disconnected",
        "services": {name: each["status"] for name, each in checks.items()},
    }  # fmt: skip
    return body | changes


def check(status: str, message: str) -> dict[str, Any]:
    return {"status": status, "message": message, "details": {}}


def ready(era: str, status: str = "healthy") -> Reply:
    """/health/ready, where “degraded” is not ready either."""
    if status == "healthy":
        return Reply({"status": "ready", "timestamp": now(), "checks": {"database": check("healthy", "ok")}})
    name = "database" if status == "unhealthy" else "disk_space"
    return bad(era, 503, {"status": "not_ready", "timestamp": now(), "checks": {name: check(status, "trouble")}})


def students(era: str, rows: list[Any]) -> Any:
    """An array, a page, a page in an envelope."""
    return rows if era == "a" else good(era, paged(rows))


def paged(rows: list[Any]) -> dict[str, Any]:
    return {"items": rows, "total": len(rows), "skip": 0, "limit": 5, "pages": 1, "current_page": 1}


def me(era: str) -> Any:
    """Who has no token is refused."""
    return lambda asked: Reply(good(era, ME)) if asked.token else refusal(era, 401, "AUTH_UNAUTHORIZED", "No token")


def well(era: str) -> dict[str, Any]:
    """An SMS that has nothing to complain about."""
    token = {"access_token": "eyJ.header.sum", "token_type": "bearer", "user": ME}
    return {
        "GET /health": Reply(health(era)),
        "GET /health/ready": ready(era),
        "GET /health/live": lambda _: Reply({"status": "healthy", "timestamp": now(), "uptime_seconds": 40}),
        "POST /api/v1/auth/login": Reply(good(era, token)),
        "GET /api/v1/auth/me": me(era),
        "GET /api/v1/students/": Reply(students(era, STUDENTS)),
        "GET /api/v1/grades/": Reply(good(era, paged(GRADES))),
        "GET /": Reply(PAGE),
        "GET /assets/index-8be7fef1.js": Reply("export {}", headers={"Content-Type": "text/javascript"}),
        "GET /*": Reply(PAGE),
    }


def unhealthy(era: str) -> Answers:
    return {"GET /health": bad(era, 503, health(era, "unhealthy")), "GET /health/ready": ready(era, "unhealthy")}


def degraded(era: str) -> Answers:
    """200 on /health, 503 on /health/ready."""
    return {"GET /health": Reply(health(era, "degraded")), "GET /health/ready": ready(era, "degraded")}


def enveloped(era: str) -> Answers:
    """A success whose health is in an envelope, as the response middleware makes it."""
    return {"GET /health": Reply({"success": True, "data": health(era), "error": None})}


def database_gone(era: str) -> Answers:
    """Era C says so on any endpoint; the older ones crash."""
    if era == "c":
        gone: Any = bad(era, 503, None, word="DATABASE_UNAVAILABLE")
    else:
        gone = bad(era, 500, "Internal Server Error")
    names = ("GET /health", "GET /health/ready", "POST /api/v1/auth/login", "GET /api/v1/students/")
    return dict.fromkeys(names, gone)


def wrong_password(era: str) -> Answers:
    return {"POST /api/v1/auth/login": refusal(era, 400, "AUTH_INVALID_CREDENTIALS", "Invalid email or password")}


def locked(era: str) -> Answers:
    until = {"context": {"lockout_until": "2026-03-01T12:05:00"}}
    found = refusal(era, 429, "AUTH_ACCOUNT_LOCKED", "Too many attempts", **until)
    return {"POST /api/v1/auth/login": Reply(found.body, 429, {"Retry-After": "240"})}


def locked_without_a_header(era: str) -> Answers:
    return {"POST /api/v1/auth/login": refusal(era, 429, "AUTH_ACCOUNT_LOCKED", "Too many attempts")}


def limited(era: str) -> Answers:
    """Every login is one too many; the body is that of whichever handler is registered."""
    return {"POST /api/v1/auth/login": too_many(era)}


def too_many(era: str) -> Reply:
    text = f"Rate limit exceeded: {LIMITS[era]} per 1 minute"
    return Reply({"error": text}, 429) if era == "a" else bad(era, 429, text, "/api/v1")


def must_change(era: str) -> Answers:
    """A token is issued, everything else is refused until the password was changed."""
    refused = refusal(era, 403, "AUTH_PASSWORD_CHANGE_REQUIRED", "Password change required")
    names = ("GET /api/v1/auth/me", "GET /api/v1/students/", "GET /api/v1/grades/")
    return {name: (lambda asked: refused if asked.token else refusal(era, 401, "AUTH", "No token")) for name in names}


def other_key(era: str) -> Answers:
    """SECRET_KEY changed between signing and checking."""
    return {"GET /api/v1/auth/me": refusal(era, 401, "AUTH_UNAUTHORIZED", "Could not validate credentials")}


def open_to_all(era: str) -> Answers:
    return {"GET /api/v1/auth/me": Reply(good(era, ME))}


def empty_lists(era: str) -> Answers:
    return {"GET /api/v1/students/": Reply(students(era, []))}


def other_database(era: str) -> Answers:
    """It came up on a fresh, empty database."""
    return {"GET /health": Reply(health(era, statistics=dict.fromkeys(COUNTS, 0)))}


def blank_page(era: str) -> Answers:
    """The bundle is gone, and the SPA's page is answered in its place with 200."""
    return {"GET /assets/index-8be7fef1.js": Reply(PAGE)}


def no_page(era: str) -> Answers:
    return {"GET /": Reply({"message": "Student Management System API"})}


def wrong_clock(era: str) -> Answers:
    return {"GET /health/live": Reply({"status": "healthy", "timestamp": "2020-01-01T03:07:09", "uptime_seconds": 4})}


def limiting(era: str) -> Answers:
    """The list refuses whoever asks more often than the era allows; a login is among nobody's reads."""
    rows = Reply(students(era, STUDENTS))

    def answer(asked: Asked) -> Reply:
        return rows if asked.number <= LIMITS[era] else too_many(era)

    return {"GET /api/v1/students/": answer}
