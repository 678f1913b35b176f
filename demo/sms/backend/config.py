"""Settings of one process, read once from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEAK_MARKS = ("change", "placeholder", "your-secret-key")
DEFAULT_SECRET_KEY = "placeholder: set SECRET_KEY in the environment"
SQLITE_PREFIX = "sqlite:///"
POSTGRESQL_PREFIX = re.compile(r"postgres(ql)?(\+psycopg2?)?://")


@dataclass(frozen=True)
class Settings:
    """Every switch of the SMS with its value; `from_environment` refuses what it cannot read."""

    era: str
    mode: str
    environment: str
    version: str
    database_url: str
    secret_key: str
    strict_key: bool
    auth_enabled: bool
    token_minutes: int
    refresh_days: int
    cookie_secure: bool
    login_attempts: int
    login_lockout: int
    login_window: int
    limits: Mapping[str, int]
    forced_health: str
    disk_limit: int
    memory_limit: int
    startup_tasks: bool
    start_seconds: int
    metrics: bool
    frontend: bool
    skip_migrations: bool
    admin_email: str
    admin_password: str
    admin_name: str
    host: str
    port: int

    @property
    def database_file(self) -> Path | None:
        """Where the database is; a relative URL counts from the working directory, as in SQLAlchemy. None: on a
        server."""
        if POSTGRESQL_PREFIX.match(self.database_url):
            return None
        if not self.database_url.startswith(SQLITE_PREFIX):
            raise ValueError("DATABASE_URL must start with sqlite:/// or postgresql://")
        return Path(self.database_url[len(SQLITE_PREFIX) :].partition("?")[0])

    @property
    def server_url(self) -> str:
        """The address of the database on a server, for the one driver that is installed."""
        return POSTGRESQL_PREFIX.sub("postgresql+psycopg://", self.database_url)


def from_environment(env: Mapping[str, str]) -> Settings:
    """Build the settings; raises ValueError with a sentence naming the variable that is wrong."""
    era = _choice(env, "SMS_ERA", "b", ("a", "b", "c"))
    mode = _choice(env, "SMS_EXECUTION_MODE", "native", ("native", "docker"))
    folder = Path("/data") if mode == "docker" else ROOT / "data"
    secret_key = env.get("SECRET_KEY", DEFAULT_SECRET_KEY)
    return Settings(
        era=era,
        mode=mode,
        environment=env.get("SMS_ENV", "development"),
        # The oldest images carried no VERSION file, so that era never knew its version.
        version="unknown" if era == "a" else _version(),
        database_url=env.get("DATABASE_URL") or f"{SQLITE_PREFIX}{folder}/student_management.db",
        secret_key=secret_key,
        # Sign-in switched on by hand means the tokens matter, so a weak key is fatal then too.
        strict_key=_flag(env, "SECRET_KEY_STRICT_ENFORCEMENT", False) or _flag(env, "AUTH_ENABLED", False),
        auth_enabled=_flag(env, "AUTH_ENABLED", True),
        token_minutes=_number(env, "ACCESS_TOKEN_EXPIRE_MINUTES", 30),
        refresh_days=_number(env, "REFRESH_TOKEN_EXPIRE_DAYS", 7),
        cookie_secure=_flag(env, "COOKIE_SECURE", False),
        login_attempts=_number(env, "AUTH_LOGIN_MAX_ATTEMPTS", 5),
        login_lockout=_number(env, "AUTH_LOGIN_LOCKOUT_SECONDS", 300),
        login_window=_number(env, "AUTH_LOGIN_TRACKING_WINDOW_SECONDS", 300),
        limits={
            "read": _number(env, "RATE_LIMIT_READ", 1000),
            "write": _number(env, "RATE_LIMIT_WRITE", 500),
            "auth": _number(env, "RATE_LIMIT_AUTH", 120),
        },
        forced_health=_choice(env, "SMS_HEALTH", "healthy", ("healthy", "degraded", "unhealthy")),
        # 101 means never: a demo must not turn yellow because the host it runs on is full.
        disk_limit=_number(env, "SMS_DISK_LIMIT_PERCENT", 101),
        memory_limit=_number(env, "SMS_MEMORY_LIMIT_PERCENT", 101),
        startup_tasks=not _flag(env, "DISABLE_STARTUP_TASKS", False),
        start_seconds=_number(env, "SMS_START_SECONDS", 0),
        metrics=_flag(env, "ENABLE_METRICS", True),
        frontend=_flag(env, "SERVE_FRONTEND", True),
        skip_migrations=_flag(env, "SMS_SKIP_MIGRATIONS", False),
        admin_email=env.get("DEFAULT_ADMIN_EMAIL", "").strip().lower(),
        admin_password=env.get("DEFAULT_ADMIN_PASSWORD", ""),
        admin_name=env.get("DEFAULT_ADMIN_FULL_NAME", "System Administrator"),
        host=env.get("SMS_HOST") or ("0.0.0.0" if mode == "docker" else "127.0.0.1"),
        port=_number(env, "SMS_PORT", 8000),
    )


def secret_key_issue(key: str) -> str | None:
    """Why the key is weak, as half a sentence, or None when it is strong."""
    if len(key) < 32:
        return f"it has {len(key)} characters, at least 32 are needed"
    found = [mark for mark in WEAK_MARKS if mark in key.lower()]
    return f"it contains '{found[0]}'" if found else None


def _version() -> str:
    file = ROOT / "VERSION"
    return file.read_text(encoding="utf-8").strip() if file.exists() else "unknown"


def _flag(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    return default if not text else text in {"1", "true", "yes", "on"}


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    try:
        return int(text) if text else default
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {text!r}") from None


def _choice(env: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    text = env.get(name, "").strip().lower() or default
    if text not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {text!r}")
    return text


settings = from_environment(os.environ)
