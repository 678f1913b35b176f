"""Who is calling. Reading needs no token; changing something needs one, of a teacher or an administrator."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import tokens
from backend.account_models import User
from backend.config import settings
from backend.database import Database
from backend.errors import refusal

WRITERS = ("admin", "teacher")
SYNTHETIC_ADMIN = User(
    id=0,
    email="anonymous@localhost",
    full_name="Sign-in is off",
    role="admin",
    password_change_required=False,
)


def find(database: Session, email: str) -> User | None:
    """The active user with this address, whatever the case of its letters."""
    query = select(User).where(func.lower(User.email) == email.strip().lower(), User.is_active)
    return database.scalars(query).first()


def current_user(request: Request, database: Database) -> User:
    """The user of the bearer token, 401 for anything else; with sign-in off everybody is an administrator."""
    if not settings.auth_enabled:
        return SYNTHETIC_ADMIN
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    content = tokens.claims(token, "access") if scheme.lower() == "bearer" and token else None
    user = find(database, content["sub"]) if content else None
    if user is None:
        raise unauthorized()
    return user


def writer(user: Annotated[User, Depends(current_user)]) -> User:
    """The calling user, when allowed to change things; 403 otherwise."""
    if user.role not in WRITERS:
        raise refusal(403, "AUTH_FORBIDDEN", "Your role may not change this")
    return user


def unauthorized() -> HTTPException:
    """The refusal of a missing, foreign or expired token."""
    error = refusal(401, "AUTH_UNAUTHORIZED", "Could not validate credentials")
    error.headers = {"WWW-Authenticate": "Bearer"}
    return error


CurrentUser = Annotated[User, Depends(current_user)]
Writer = Annotated[User, Depends(writer)]
