"""Signing in and out."""

from __future__ import annotations

import secrets
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from backend import audit, auth, login_throttle, metrics, tokens
from backend.account_models import RefreshToken, User
from backend.clock import now
from backend.config import settings
from backend.database import Database
from backend.envelope import ApiResponse
from backend.errors import refusal
from backend.passwords import is_right
from backend.rate_limiting import limited
from backend.schemas import Credentials, UserOut

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])
COOKIE = "refresh_token"


@router.post("/login", dependencies=[limited("auth")])
def login(credentials: Credentials, request: Request, database: Database) -> Response:
    """An access token in the body and a refresh token in a cookie; 400 for wrong words, 429 while locked."""
    user = auth.find(database, credentials.email)
    if user is not None:
        login_throttle.refuse_locked(user)
    if user is None or not is_right(credentials.password, user.hashed_password):
        if user is not None:
            login_throttle.failed(user)
        audit.record(database, request, "login", "user", "-", credentials.email, success=False)
        database.commit()
        metrics.sign_ins.add(status="failed")
        raise refusal(400, "AUTH_INVALID_CREDENTIALS", "Invalid email or password")
    login_throttle.succeeded(user)
    session = RefreshToken(jti=secrets.token_hex(16), user_id=user.id)
    session.expires_at = now() + timedelta(days=settings.refresh_days)
    database.add(session)
    audit.record(database, request, "login", "user", user.id, user.email)
    database.commit()
    metrics.sign_ins.add(status="success")
    return _signed_in(user, session.jti)


@router.post("/refresh", dependencies=[limited("auth")])
def refresh(request: Request, database: Database) -> Response:
    """A new access token for a valid cookie."""
    session = _session(request, database)
    user = database.get(User, session.user_id) if session else None
    if session is None or user is None or not user.is_active:
        raise auth.unauthorized()
    return _signed_in(user, session.jti)


@router.post("/logout", dependencies=[limited("auth")])
def logout(request: Request, database: Database) -> Response:
    """Revoke the session of the cookie, if there is one."""
    session = _session(request, database)
    if session is not None:
        session.revoked = True
        database.commit()
    response = ApiResponse({"message": "Signed out"})
    response.delete_cookie(COOKIE)
    return response


@router.get("/me", dependencies=[limited("read")])
def me(user: auth.CurrentUser) -> Response:
    """Who the token belongs to."""
    return ApiResponse(UserOut.model_validate(user).model_dump())


def _signed_in(user: User, jti: str) -> Response:
    response = ApiResponse({"access_token": tokens.access_token(user.email), "token_type": "bearer"})
    response.set_cookie(
        COOKIE,
        tokens.refresh_token(user.email, jti),
        max_age=settings.refresh_days * 86400,
        httponly=True,
        samesite="lax",
        secure=settings.cookie_secure,
    )
    return response


def _session(request: Request, database: Database) -> RefreshToken | None:
    content = tokens.claims(request.cookies.get(COOKIE, ""), "refresh")
    if content is None:
        return None
    query = select(RefreshToken).where(RefreshToken.jti == content["jti"], RefreshToken.revoked.is_(False))
    session = database.scalars(query).first()
    return session if session is not None and session.expires_at > now() else None
