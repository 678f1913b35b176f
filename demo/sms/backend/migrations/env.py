"""How Alembic reaches the database: DATABASE_URL of the environment, else the default of the settings."""

from __future__ import annotations

import sys
from logging.config import fileConfig
from pathlib import Path

from alembic import context

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backend import account_models  # noqa: F401 - its tables belong to the metadata too
from backend.config import settings
from backend.engine import open_engine
from backend.models import Base

metadata = Base.metadata

if context.config.config_file_name:
    fileConfig(context.config.config_file_name)


def offline() -> None:
    """Print the SQL instead of running it (`alembic upgrade head --sql`)."""
    context.configure(url=settings.database_url, target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def online() -> None:
    """Run the migrations. SQLite commits each ALTER TABLE by itself, so a failure can leave half of one."""
    with open_engine(settings, create=True).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    offline()
else:
    online()
