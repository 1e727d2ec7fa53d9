"""A second webhook endpoint a mode: the one by which Stripe tells of the accounts that users connected."""

from alembic import op

from tillwright.gateways.database.tables import definer_function

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute(
        """alter table webhook_endpoints
            add column connect boolean not null default false,
            drop constraint webhook_endpoints_pkey,
            add primary key (organisation_id, livemode, connect)"""
    )
    op.execute("drop function webhook_endpoints_by_token(text[], timestamptz)")
    # As before: it holds the endpoint until the events are committed, so that a deletion comes before them or after.
    definer_function(
        op,
        "webhook_endpoints_by_token(digests text[], at timestamptz)",
        "table (token_digest text, organisation_id text, livemode boolean, connect boolean, account_id text, "
        "sealed_secret bytea)",
        """select called.digest, e.organisation_id, e.livemode, e.connect, e.account_id,
             case when e.token_digest = called.digest then e.sealed_secret else e.earlier_sealed end
           from unnest(digests) as called(digest) join webhook_endpoints e
             on (e.token_digest = called.digest and e.state = 'ACTIVE')
             or (e.earlier_digest = called.digest and e.earlier_until > at)
           for key share of e""",
    )
