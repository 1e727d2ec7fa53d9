"""A backfill reads a list in several ranges at once: how far each range is."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # `low` is the oldest second in the range, null where nobody knows how far back the list goes. The range ends where
    # its cursor was when a newer range was split off; `bound` replaces a cursor whose object is gone.
    tenant_table(
        op,
        "mirror_ranges",
        """livemode boolean not null,
        object text not null,
        number integer not null,
        position integer not null,
        state text not null check (state in ('WAITING', 'RUNNING', 'DONE')),
        low timestamptz,
        bound timestamptz,
        newest timestamptz,
        parent_id text,
        cursor_id text,
        cursor_created timestamptz,
        done bigint not null default 0,
        pages bigint not null default 0,
        lease text,
        leased_until timestamptz,
        next_at timestamptz not null,
        failures integer not null default 0,
        updated timestamptz not null,
        primary key (organisation_id, livemode, object, number),
        foreign key (organisation_id, livemode, object)
            references mirror_backfills (organisation_id, livemode, object) on delete cascade""",
        indexes=["(organisation_id, next_at) where state <> 'DONE'"],
    )
    op.execute("alter table mirror_backfills add column ranges integer not null default 1")
    op.execute(
        """insert into mirror_ranges (organisation_id, livemode, object, number, position, state, bound, cursor_id,
        cursor_created, done, pages, next_at, updated)
        select organisation_id, livemode, object, 1, position, state, cursor_bound, cursor_id, cursor_created, done,
        pages, next_at, updated from mirror_backfills where state in ('WAITING', 'RUNNING')"""
    )
    for column in ("cursor_id", "cursor_created", "cursor_bound", "lease", "leased_until", "next_at"):
        op.execute(f"alter table mirror_backfills drop column {column} cascade")
    definer_function(
        op,
        "organisations_to_backfill(at timestamptz)",
        "table (organisation_id text)",
        """select organisation_id from mirror_ranges where state <> 'DONE' group by organisation_id
           having bool_or(next_at <= at and (leased_until is null or leased_until <= at))
           order by count(*) filter (where leased_until > at), min(updated)""",
    )
