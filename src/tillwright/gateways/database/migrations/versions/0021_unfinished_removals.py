"""Deletions that were begun, and what of them is still to be done at Stripe."""

from alembic import op

from tillwright.gateways.database.tables import APPLICATION_ROLE, definer_function, tenant_table

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    tenant_table(
        op,
        "unfinished_removals",
        """id text primary key,
        partner text not null,
        service text not null,
        phase text not null check (phase in ('HERE', 'AT_STRIPE')),
        actor_kind text not null,
        actor_id text not null,
        actor_name text not null,
        begun timestamptz not null,
        due timestamptz not null,
        attempts integer not null default 0,
        livemode boolean,
        account_id text,
        sealed_key bytea,
        hooks text[] not null default '{}'""",
        indexes=["unique (organisation_id, partner, service) where phase = 'HERE'", "(due)"],
    )
    definer_function(
        op,
        "unfinished_removals_due(at timestamptz, most integer)",
        "table (organisation_id text, id text)",
        "select organisation_id, id from unfinished_removals where due <= at order by due limit most",
    )
    # The connection that was deleted is told by when it was made: a later one of the same partner is another.
    op.execute("alter table removals add column connected timestamptz")
    op.execute(f"grant update (receipt) on removals to {APPLICATION_ROLE}")
    definer_function(
        op,
        "removals_since(since timestamptz)",
        "table (organisation_id text, id text, partner text, service text, connected timestamptz, at timestamptz)",
        """select organisation_id, id, partner, service, connected, at from removals
           where at >= since and connected is not null order by at""",
    )
