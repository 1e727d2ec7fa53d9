"""How a table is declared: with its organisation, policy, index and grants, or global with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SCHEMA = "tillwright"
APPLICATION_ROLE = "tillwright_app"
READER_ROLE = "tillwright_reader"
"""What an organisation's own sign-in for SQL is a member of; it may only look."""
CURRENT = "nullif(current_setting('tillwright.organisation', true), '')"
ALL = "select, insert, update, delete"


def role(name: str, kind: str = "login") -> str:
    """One statement: make the role if the server has none yet, and the owner a member, who may be no superuser."""
    return (
        f"do $$ begin begin create role {name} {kind}; "
        "exception when duplicate_object or unique_violation then null; end; "
        f"if not pg_has_role(current_user, '{name}', 'member') "
        f"then execute format('grant {name} to %I', current_user); end if; end $$"
    )


# `op` is Alembic's operations proxy; its type would tie this file to Alembic for nothing.


def tenant_table(op: Any, name: str, columns: str, *, indexes: Sequence[str] = (), grants: str = ALL) -> None:
    """Create a table whose rows belong to one organisation and are seen by no other.

    Args:
        columns: SQL column and constraint definitions, without `organisation_id`.
        indexes: each the text behind the table's name in `create index`, with `unique ` in front for a unique one.
        grants: what the application role may do; an append-only table leaves out update and delete.
    """
    op.execute(
        f"create table {SCHEMA}.{name} ("
        f"organisation_id text not null references {SCHEMA}.organisations(id) on delete cascade,\n{columns})"
    )
    op.execute(f"create index {name}_organisation on {SCHEMA}.{name} (organisation_id)")
    _create_indexes(op, name, indexes)
    protect(op, name, "organisation_id", grants)


def protect(op: Any, name: str, column: str, grants: str = ALL) -> None:
    """Put the tenant's policy on a table, by the column that names the organisation."""
    op.execute(f"alter table {SCHEMA}.{name} enable row level security")
    op.execute(
        f"create policy tenant on {SCHEMA}.{name} to {APPLICATION_ROLE} "
        f"using ({column} = {CURRENT}) with check ({column} = {CURRENT})"
    )
    op.execute(f"grant {grants} on {SCHEMA}.{name} to {APPLICATION_ROLE}")


def global_table(
    op: Any, name: str, columns: str, *, reason: str, indexes: Sequence[str] = (), grants: str = ALL
) -> None:
    """Create a table that belongs to no organisation; the reason is kept as the table's comment and tested for."""
    op.execute(f"create table {SCHEMA}.{name} ({columns})")
    _create_indexes(op, name, indexes)
    quoted = reason.replace("'", "''")
    op.execute(f"comment on table {SCHEMA}.{name} is 'global: {quoted}'")
    op.execute(f"grant {grants} on {SCHEMA}.{name} to {APPLICATION_ROLE}")


def definer_function(op: Any, signature: str, returns: str, body: str) -> None:
    """Create a function that looks across organisations with the owner's rights: as few and narrow as can be.

    Args:
        signature: `name(argument type, …)`.
        returns: the SQL behind `returns`.
        body: one SQL statement.
    """
    op.execute(
        f"create or replace function {SCHEMA}.{signature} returns {returns} language sql security definer "
        f"set search_path = {SCHEMA}, pg_temp as $$ {body} $$"
    )
    op.execute(f"revoke all on function {SCHEMA}.{signature} from public")
    op.execute(f"grant execute on function {SCHEMA}.{signature} to {APPLICATION_ROLE}")


def _create_indexes(op: Any, name: str, tails: Sequence[str]) -> None:
    for number, tail in enumerate(tails):
        unique = "unique " if tail.startswith("unique ") else ""
        op.execute(f"create {unique}index {name}_{number} on {SCHEMA}.{name} {tail.removeprefix(unique)}")
