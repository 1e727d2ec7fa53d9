"""Credit wallets: what each is meant to hold, and the moves on the customer's balance that bring it there."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    # Money in minor units. `due` is when money has to be moved next: at the start, at the end, or because it was begun.
    tenant_table(
        op,
        "credit_wallets",
        """id text not null,
        livemode boolean not null,
        buyer_id text not null,
        name text not null,
        currency text,
        wanted bigint not null check (wanted >= 0),
        placed bigint not null default 0,
        remaining bigint not null default 0 check (remaining >= 0),
        starts timestamptz,
        expires timestamptz,
        state text not null check (state in ('OPEN', 'CLOSED', 'DELETED')),
        closed timestamptz,
        created timestamptz not null,
        updated timestamptz not null,
        version integer not null default 1,
        due timestamptz,
        primary key (organisation_id, id),
        check (wanted = 0 or currency is not null)""",
        indexes=["(organisation_id, buyer_id)", "(due) where due is not null"],
    )
    # Written before the effect is begun: however the effect is settled, and by whom, the sum is right.
    tenant_table(
        op,
        "credit_moves",
        """wallet_id text not null,
        number integer not null,
        amount bigint not null check (amount <> 0),
        effect_id text not null,
        primary key (organisation_id, wallet_id, number),
        foreign key (organisation_id, wallet_id) references credit_wallets (organisation_id, id) on delete cascade""",
    )
    definer_function(
        op,
        "organisations_with_credit_due(at timestamptz)",
        "table (organisation_id text)",
        "select organisation_id from credit_wallets where due <= at group by organisation_id order by min(due)",
    )
