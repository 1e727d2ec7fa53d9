"""How Alembic runs here: online only, one transaction, one process at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

from tillwright.gateways.database.tables import APPLICATION_ROLE, SCHEMA, role

_LOCK = 0x7111_3147  # any number that is ours

engine = create_engine(context.config.attributes["url"])
try:
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.execute(text(f"create schema if not exists {SCHEMA}"))
        # Roles belong to the whole server: another database of it may have made this one already.
        connection.execute(text(role(APPLICATION_ROLE)))
        connection.execute(text(f"grant usage on schema {SCHEMA} to {APPLICATION_ROLE}"))
        connection.commit()
        try:
            context.configure(connection=connection, version_table_schema=SCHEMA, transaction_per_migration=False)
            with context.begin_transaction():
                connection.execute(text(f"set local search_path = {SCHEMA}, public"))
                context.run_migrations()
        finally:
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
finally:
    engine.dispose()
