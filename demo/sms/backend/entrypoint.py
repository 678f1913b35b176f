"""Check the environment, migrate, then become the server.

Exit codes: 1 wrong environment, 2 migrations failed, 3 the migration runner itself broke, 4 the server could
not be started. After that the process is uvicorn, so it receives the container's signals directly.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)


def main() -> int:
    """Return an exit code; on success this never returns, the process is the server by then."""
    if not environment_is_right():
        return 1
    status = migrate()
    if status:
        return status
    return serve()


def environment_is_right() -> bool:
    """Print what is wrong with the environment, if anything."""
    try:
        from backend.config import secret_key_issue, settings

        file = settings.database_file
    except ValueError as error:
        say(f"ERROR: {error}")
        return False
    say(f"Environment: SMS_ENV={settings.environment} mode={settings.mode} version={settings.version}")
    if settings.environment == "production" and settings.mode != "docker":
        say("ERROR: SMS_ENV=production is only allowed inside the container (SMS_EXECUTION_MODE=docker)")
        return False
    issue = secret_key_issue(settings.secret_key)
    if issue:
        say(f"SECRET_KEY SECURITY ISSUE: {issue}")
        if settings.strict_key:
            say("ERROR: refusing to start with a weak SECRET_KEY")
            return False
    try:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        say(f"WARNING: cannot create {error.filename}: {error.strerror}")
    return True


def migrate() -> int:
    """Run the migrations unless told not to; 0, 2 or 3 as in the module's text."""
    from backend.config import settings

    if settings.skip_migrations:
        say("SMS_SKIP_MIGRATIONS set; skipping automatic DB migrations")
        return 0
    try:
        from backend import run_migrations

        code = run_migrations.run()
    except Exception as error:
        say(f"[run_migrations] EXCEPTION: {type(error).__name__}: {error}")
        logging.getLogger("sms.entrypoint").exception("The migration runner broke")
        return 3
    if code == 0:
        say("Migrations applied successfully")
        return 0
    say(f"ERROR: Migration failed with exit code {code}")
    say("Migration runner reported failure")
    if run_migrations.LOG_FILE.exists():
        log = run_migrations.LOG_FILE.read_text(encoding="utf-8")
        say(f"--- BEGIN migrations.log ---\n{log}--- END migrations.log ---")
    return 2


def serve() -> int:
    """Replace this process by the server; returns 4 only when that fails."""
    from backend.config import settings

    say("Starting Uvicorn server (exec)")
    arguments = [sys.executable, "-u", "-m", "uvicorn", "backend.main:app", "--app-dir", str(ROOT)]
    arguments += ["--host", settings.host, "--port", str(settings.port), "--timeout-graceful-shutdown", "5"]
    try:
        os.execv(sys.executable, arguments)
    except OSError as error:
        say(f"ERROR: cannot start the server: {error}")
        return 4


def say(line: str) -> None:
    """One line to standard output, at once, also when it is a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
