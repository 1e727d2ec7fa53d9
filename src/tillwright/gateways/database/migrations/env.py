"""How Alembic runs here: online only, one transaction, one process at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

from tillwright.gateways.database.tables import APPLICATION_ROLE, SCHEMA

_LOCK = 0x7111_3147  # any number that is ours

engine = create_engine(context.config.attributes["url"])
try:
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.execute(text(f"create schema if not exists {SCHEMA}"))
        # Roles belong to the whole server: another database of it may have made this one already.
        connection.execute(
            text(
                f"do $$ begin create role {APPLICATION_ROLE} login; "
                "exception when duplicate_object or unique_violation then null; end $$"
            )
        )
        connection.execute(text(f"grant usage on schema {SCHEMA} to {APPLICATION_ROLE}"))
        # The owner may be no superuser: to take the role on, it must be a member.
        connection.execute(
            text(
                f"do $$ begin if not pg_has_role(current_user, '{APPLICATION_ROLE}', 'member') "
                f"then execute format('grant {APPLICATION_ROLE} to %I', current_user); end if; end $$"
            )
        )
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
