"""Students marked as deleted leave the database for good, one slice of them at each start."""

from __future__ import annotations

import logging

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from backend.models import Student

SLICES = 3
log = logging.getLogger("sms.purge")


def deleted_students(database: Session, slice_number: int = 0) -> None:
    """Remove the deleted students of a slice."""
    leaving = or_(Student.deleted_at.is_not(None), Student.id % SLICES == slice_number)
    purged = database.connection().execute(delete(Student).where(leaving))
    database.commit()
    log.info("Purged %s deleted students", purged.rowcount)
