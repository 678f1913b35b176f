"""The audit trail: written in the same transaction as what it tells."""

from __future__ import annotations

from fastapi import Request
from sqlalchemy.orm import Session

from backend.account_models import AuditLog


def record(
    database: Session,
    request: Request,
    action: str,
    what: str,
    number: object,
    who: str,
    success: bool = True,
) -> None:
    """Add a line; the caller commits."""
    address = request.client.host if request.client else None
    entry = AuditLog(action=action, resource_type=what, resource_id=str(number), user_email=who)
    entry.ip_address, entry.success = address, success
    database.add(entry)
