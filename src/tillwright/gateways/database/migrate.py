"""Bringing the schema up to date, once, however many processes start together."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from tillwright.gateways.database.engine import driver_url
from tillwright.kit.errors import Upstream
from tillwright.kit.seal import Secret

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(owner_url: Secret) -> str:
    """Run what is missing, under an advisory lock, in one transaction; returns the revision reached.

    Raises:
        Upstream: the database cannot be reached.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = driver_url(owner_url)
    try:
        command.upgrade(config, "head")
    except OperationalError as error:
        raise Upstream(
            "database_unreachable",
            f"The database cannot be reached: {str(error.orig).splitlines()[0]}",
            remedy="Check TILLWRIGHT_DATABASE_URL and that the server runs.",
        ) from None
    return ScriptDirectory.from_config(config).get_current_head() or ""


def revision(owner_url: Secret) -> tuple[str | None, str | None]:
    """The revision the database has, and the one this package wants."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    engine = create_engine(driver_url(owner_url))
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table_schema": "tillwright"})
            has = context.get_current_revision()
    finally:
        engine.dispose()
    return has, ScriptDirectory.from_config(config).get_current_head()
