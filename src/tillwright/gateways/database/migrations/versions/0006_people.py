"""Invitations, and the tokens that API clients exchange their key for."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    tenant_table(
        op,
        "invitations",
        """id text primary key,
        email text not null,
        role text not null check (role in ('ADMIN', 'EDITOR', 'VIEWER')),
        token_digest text not null unique,
        sealed_token bytea,
        invited_by text not null,
        created timestamptz not null,
        expires timestamptz not null,
        attempts integer not null default 0,
        due timestamptz not null,
        leased_until timestamptz,
        sent timestamptz,
        error text""",
        indexes=["unique (organisation_id, email)", "(due) where sealed_token is not null"],
    )
    definer_function(
        op,
        "invitation_by_digest(digest text)",
        "table (organisation_id text, id text)",
        "select organisation_id, id from invitations where token_digest = digest",
    )
    definer_function(
        op,
        "invitations_due(at timestamptz, most integer)",
        "table (organisation_id text, id text)",
        """select organisation_id, id from invitations
           where sealed_token is not null and due <= at and (leased_until is null or leased_until < at)
           order by due limit most""",
    )

    op.execute("alter table api_clients add column updated timestamptz")
    op.execute("update api_clients set updated = created")
    op.execute("alter table api_clients alter column updated set not null")
    tenant_table(
        op,
        "access_tokens",
        """digest text primary key,
        client_id text not null references api_clients(id) on delete cascade,
        created timestamptz not null,
        expires timestamptz not null""",
        indexes=["(client_id)"],
        grants="select, insert, delete",
    )
    definer_function(
        op,
        "api_client_by_token(of_digest text, at timestamptz)",
        "table (id text, organisation_id text, name text, role text)",
        """select c.id, c.organisation_id, c.name, c.role from access_tokens t
           join api_clients c on c.id = t.client_id and c.organisation_id = t.organisation_id
           where t.digest = of_digest and t.expires > at""",
    )
