"""A webhook endpoint's secret before the present one, for as long as both are good."""

from alembic import op

from tillwright.gateways.database.tables import definer_function

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute(
        """alter table webhook_endpoints
            add column renew boolean not null default false,
            add column earlier_digest text unique,
            add column earlier_sealed bytea,
            add column earlier_until timestamptz"""
    )
    op.execute("drop function webhook_endpoints_by_token(text[])")
    # As before: it holds the endpoint until the events are committed, so that a deletion comes before them or after.
    definer_function(
        op,
        "webhook_endpoints_by_token(digests text[], at timestamptz)",
        "table (token_digest text, organisation_id text, livemode boolean, account_id text, sealed_secret bytea)",
        """select called.digest, e.organisation_id, e.livemode, e.account_id,
             case when e.token_digest = called.digest then e.sealed_secret else e.earlier_sealed end
           from unnest(digests) as called(digest) join webhook_endpoints e
             on (e.token_digest = called.digest and e.state = 'ACTIVE')
             or (e.earlier_digest = called.digest and e.earlier_until > at)
           for key share of e""",
    )
