"""Work done once, before the first request. Nothing here writes to a database that is already in order."""

from __future__ import annotations

import logging
import time

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend import auth
from backend.account_models import User
from backend.config import settings
from backend.database import engine
from backend.passwords import hash_password

SHORTEST_PASSWORD = 8
log = logging.getLogger("sms.startup")


def run() -> None:
    """Do it all; a database that cannot be used is left for /health to report."""
    time.sleep(settings.start_seconds)  # the real one takes half a minute
    try:
        with Session(engine) as database:
            bootstrap_admin(database)
    except DBAPIError as error:
        log.error("Startup work skipped, the database cannot be used: %s", error.orig)


def bootstrap_admin(database: Session) -> None:
    """Create the administrator of DEFAULT_ADMIN_EMAIL unless there is one; never changes an existing user."""
    if not settings.admin_email or auth.find(database, settings.admin_email):
        return
    if len(settings.admin_password) < SHORTEST_PASSWORD:
        log.warning("No administrator created: DEFAULT_ADMIN_PASSWORD needs %s characters", SHORTEST_PASSWORD)
        return
    admin = User(email=settings.admin_email, full_name=settings.admin_name, role="admin")
    admin.hashed_password = hash_password(settings.admin_password)
    admin.password_change_required = True
    database.add(admin)
    database.commit()
    log.info("Administrator %s created", settings.admin_email)
