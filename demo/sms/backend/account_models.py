"""The tables of people who sign in, and of what they did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.clock import now
from backend.models import Base


class User(Base):
    """Somebody who signs in; the lock after failed sign-ins lives here, so it survives a restart."""

    __tablename__ = "users"
    email: Mapped[str] = mapped_column(String(255), unique=True)
    hashed_password: Mapped[str] = mapped_column(String(255))
    full_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(default=True)
    password_change_required: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    failed_login_attempts: Mapped[int] = mapped_column(default=0)
    last_failed_login_at: Mapped[datetime | None]
    lockout_until: Mapped[datetime | None]


class RefreshToken(Base):
    """One sign-in that may be prolonged until it expires or is revoked."""

    __tablename__ = "refresh_tokens"
    jti: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    expires_at: Mapped[datetime]
    revoked: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuditLog(Base):
    """Who did what, from where, and whether it worked."""

    __tablename__ = "audit_logs"
    timestamp: Mapped[datetime] = mapped_column(default=now)
    action: Mapped[str] = mapped_column(String(50))
    resource_type: Mapped[str] = mapped_column(String(50))
    resource_id: Mapped[str | None] = mapped_column(String(50))
    user_email: Mapped[str | None] = mapped_column(String(255))
    ip_address: Mapped[str | None] = mapped_column(String(64))
    success: Mapped[bool] = mapped_column(default=True)
    details: Mapped[str | None] = mapped_column(Text)
