"""Announcements: everybody reads them, teachers write them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from backend import audit
from backend.auth import Writer
from backend.clock import now
from backend.config import settings
from backend.database import Database
from backend.envelope import ApiResponse
from backend.models import Announcement
from backend.paging import Window, page, rows
from backend.rate_limiting import limited
from backend.schemas import AnnouncementOut, NewAnnouncement

router = APIRouter(prefix="/api/v1/announcements", tags=["announcements"])


@router.get("/", dependencies=[limited("read")])
def index(database: Database, window: Window) -> Response:
    """The newest first, in the same shape as the students."""
    query = select(Announcement).order_by(Announcement.id.desc())
    listed = rows if settings.era == "a" else page
    return ApiResponse(listed(database, query, AnnouncementOut, window))


@router.post("/", dependencies=[limited("write")])
def add(new: NewAnnouncement, request: Request, database: Database, user: Writer) -> Response:
    """201 with the announcement."""
    announcement = Announcement(**new.model_dump(), author=user.email, created_at=now())
    database.add(announcement)
    database.flush()
    audit.record(database, request, "create", "announcement", announcement.id, user.email)
    database.commit()
    return ApiResponse(AnnouncementOut.model_validate(announcement).model_dump(mode="json"), 201)
