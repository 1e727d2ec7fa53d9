"""The views' only SQL: made by the schema's owner, and made again whenever the kinds or their fields changed."""

from __future__ import annotations

import hashlib
from datetime import datetime

import psycopg
from psycopg import sql

from tillwright.domains.mirror.unfolding_store import unfolded
from tillwright.domains.mirror.views.shape import View, views
from tillwright.gateways.database.tables import APPLICATION_ROLE, READER_ROLE, SCHEMA
from tillwright.gateways.stripe.objects import FieldKind
from tillwright.kit.errors import Denied
from tillwright.kit.seal import Secret

VIEWS = "stripe"
_READ = {  # a value of another type than Stripe describes is null in its column, and still whole in _body
    "id": "case jsonb_typeof({body}->{name}) when 'object' then {body}->{name}->>'id' else {body}->>{name} end",
    "time": "case when jsonb_typeof({body}->{name}) = 'number' then "
    "to_timestamp(({body}->>{name})::double precision) end",
    "integer": "case when jsonb_typeof({body}->{name}) = 'number' then ({body}->>{name})::numeric::bigint end",
    "number": "case when ({body}->>{name}) ~ '^-?[0-9]+([.][0-9]+)?$' then ({body}->>{name})::numeric end",
    "boolean": "case when jsonb_typeof({body}->{name}) = 'boolean' then ({body}->>{name})::boolean end",
    "text": "{body}->>{name}",
    "json": "nullif({body}->{name}, 'null'::jsonb)",
}


def refresh(owner_url: Secret) -> bool:
    """Make the views what the code says they are; True if they had to be made again.

    With the same statement in every process: whoever is second waits for the first, and finds nothing to do.
    """
    text = definition()
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    with psycopg.connect(owner_url.reveal()) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended('stripe views', 4212))")
        row = connection.execute(
            "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", (VIEWS,)
        ).fetchone()
        if row and str(row[0]).endswith(digest):
            return False
        connection.execute(sql.SQL(text))  # type: ignore[arg-type]  # our own tables, quoted below
        connection.execute(
            sql.SQL("comment on schema stripe is {}").format(
                sql.Literal(f"Stripe's objects as mirrored, one view a type. {digest}")
            )
        )
    return True


def definition() -> str:
    """The whole schema as one text: the same kinds and fields always give the same bytes."""
    lines = [
        f"drop schema if exists {VIEWS} cascade;",
        f"create schema {VIEWS};",
        f"grant usage on schema {VIEWS} to {APPLICATION_ROLE}, {READER_ROLE};",
        *(_view(view) for view in views()),
        _deleted(),
        f"grant select on all tables in schema {VIEWS} to {APPLICATION_ROLE}, {READER_ROLE};",
    ]
    return "\n".join(lines)


def _view(view: View) -> str:
    own = (  # constants of ours, quoted
        f"select {_columns(view, 'm.body', 'm.id')} from {SCHEMA}.mirror_objects m\n"
        f"where m.object = {_text(view.kind.object)} and not m.deleted"
    )
    if view.kind.inside:
        own = f"select {_columns(view, 'm.body', 'm.id')} from ({unfolded(view.kind.object)}) m"
    # The reader's own rights and policy hold, not those of the view's owner.
    name = f'{VIEWS}."{view.name}"'
    return (
        f"create view {name} with (security_invoker = true) as\n{own};\n"
        f"comment on view {name} is {_text(f'{view.kind.plural}: {view.kind.path}')};"
    )


def select_list(view: View) -> str:
    """A view's typed columns, over a row of `mirror_objects`."""
    return _typed(view, "body", "id", "livemode")


def _columns(view: View, body: str, object_id: str) -> str:
    ours = f"m.account_id as _account, greatest(m.fetched_at, m.event_received) as _seen, {body} as _body"
    return f"{_typed(view, body, object_id, 'm.livemode')}, {ours}"


def _typed(view: View, body: str, object_id: str, livemode: str) -> str:
    fixed = {"id": object_id, "livemode": livemode}
    return ", ".join(
        f'{fixed.get(column.name) or reading_of(column.kind, column.name, body)} as "{column.name}"'
        for column in view.columns
    )


def reading_of(kind: FieldKind, name: str, body: str) -> str:
    """A field of a body as a value of its kind."""
    return _READ[kind].format(body=body, name=_text(name))


def _deleted() -> str:
    return (
        f"create view {VIEWS}._deleted with (security_invoker = true) as select m.object, m.id, m.livemode, "
        f"m.account_id as _account, greatest(m.fetched_at, m.event_received) as _seen, m.body as _body\n"
        f"from {SCHEMA}.mirror_objects m where m.deleted;"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def make_reader(owner_url: Secret, organisation_id: str, role: str, password: Secret, *, by: str, at: datetime) -> None:
    """A role that signs in, sees one organisation's mirror, and is cut off after five minutes a query."""
    name = sql.Identifier(role)
    with psycopg.connect(owner_url.reveal()) as connection:
        try:
            if not connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
                connection.execute(sql.SQL("create role {} login in role {}").format(name, sql.Identifier(READER_ROLE)))
            connection.execute(
                sql.SQL("alter role {} connection limit 10 password {}").format(name, sql.Literal(password.reveal()))
            )
            for setting, value in _READER_SETTINGS.items():
                connection.execute(
                    sql.SQL("alter role {} set {} = {}").format(name, sql.Identifier(setting), sql.Literal(value))
                )
        except psycopg.errors.InsufficientPrivilege as error:
            raise Denied(
                "reader_role_refused",
                "The database's owner may not make roles.",
                remedy="Give it CREATEROLE, or let the server's administrator run this command.",
            ) from error
        connection.execute(
            f"insert into {SCHEMA}.mirror_readers (organisation_id, role, created, created_by) "
            "values (%s, %s, %s, %s) on conflict (role) do update set created = excluded.created, "
            "created_by = excluded.created_by",
            (organisation_id, role, at, by),
        )


_READER_SETTINGS = {
    "search_path": VIEWS,
    "default_transaction_read_only": "on",
    "statement_timeout": "5min",
    "timezone": "UTC",
}


def drop_reader(owner_url: Secret, organisation_id: str, role: str) -> bool:
    """Forget whose the role is, so that it sees nothing from this moment; then end its sessions and drop it."""
    with psycopg.connect(owner_url.reveal()) as connection:
        gone = connection.execute(
            f"delete from {SCHEMA}.mirror_readers where organisation_id = %s and role = %s",
            (organisation_id, role),
        ).rowcount
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", (role,))
        connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))
    return gone == 1
