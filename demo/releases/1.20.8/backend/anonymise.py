"""Deleted students keep their grades but not their names."""

from __future__ import annotations

import logging

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.models import Student

NOTHING = {"first_name": "", "last_name": "", "email": None, "mobile_phone": None, "guardian_phone": None}
log = logging.getLogger("sms.privacy")


def deleted_students(database: Session) -> None:
    """Blank what identifies a deleted student."""
    deleted = Student.deleted_at.is_(None)
    blanked = database.connection().execute(update(Student).where(deleted).values(NOTHING))
    database.commit()
    log.info("Anonymised %s deleted students", blanked.rowcount)
