"""Bringing the schema up to date, once, however many processes start together.

Alembic is loaded when there is something to do: most starts find the schema as it should be.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from tillwright.gateways.database.engine import driver_url
from tillwright.gateways.database.tables import APPLICATION_ROLE
from tillwright.kit.errors import Upstream
from tillwright.kit.seal import Secret

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(owner_url: Secret) -> str:
    """Run what is missing, under an advisory lock, in one transaction; returns the revision reached.

    Raises:
        Upstream: the database cannot be reached.
    """
    has, wanted = revision(owner_url)
    if has != wanted or not _has_role(owner_url):
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS))
        config.attributes["url"] = driver_url(owner_url)
        command.upgrade(config, "head")
    return wanted


def _has_role(owner_url: Secret) -> bool:
    """Whether the server knows our role: another one's backup brings none along."""
    with psycopg.connect(owner_url.reveal()) as connection:
        known = "select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = %s"
        return connection.execute(known, (APPLICATION_ROLE,)).fetchone() == (True,)


def revision(owner_url: Secret) -> tuple[str | None, str]:
    """The revision the database has, None before the first, and the one this package wants.

    Raises:
        Upstream: the database cannot be reached.
    """
    # Our migrations form one line, in the order of the numbers they are named by; a test checks.
    wanted = max(script.stem[:4] for script in (_SCRIPTS / "versions").glob("[0-9]*.py"))
    try:
        with psycopg.connect(owner_url.reveal()) as connection:
            if connection.execute("select to_regclass('tillwright.alembic_version')").fetchone() == (None,):
                return None, wanted
            row = connection.execute("select version_num from tillwright.alembic_version").fetchone()
            return (row[0] if row else None), wanted
    except psycopg.OperationalError as error:
        raise Upstream(
            "database_unreachable",
            f"The database cannot be reached: {str(error).splitlines()[0]}",
            remedy="Check TILLWRIGHT_DATABASE_URL and that the server runs.",
        ) from None
