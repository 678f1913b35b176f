"""The database of the running application, as the endpoints ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session

from backend.config import settings
from backend.engine import open_engine

engine = open_engine(settings, create=False)


def open_session() -> Iterator[Session]:
    """The session of one request."""
    with Session(engine) as session:
        yield session


Database = Annotated[Session, Depends(open_session)]
