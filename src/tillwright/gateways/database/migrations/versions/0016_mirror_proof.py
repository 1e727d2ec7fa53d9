"""Proof of the mirror: how far each type is compared with Stripe, month by month, and what had drifted."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    # A row a type: the pass under way, and the last one that came to its end.
    tenant_table(
        op,
        "mirror_proofs",
        """livemode boolean not null,
        object text not null,
        pass integer not null default 1,
        bound timestamptz,
        cursor_id text,
        cursor_created timestamptz,
        began timestamptz,
        rows bigint not null default 0,
        drift bigint not null default 0,
        proven_at timestamptz,
        proven_rows bigint not null default 0,
        proven_drift bigint not null default 0,
        proven_from timestamptz,
        lease text,
        leased_until timestamptz,
        next_at timestamptz not null,
        failures integer not null default 0,
        error jsonb,
        primary key (organisation_id, livemode, object)""",
        indexes=["(organisation_id, next_at)"],
    )
    tenant_table(
        op,
        "mirror_proof_months",
        """livemode boolean not null,
        object text not null,
        month date not null,
        pass integer not null,
        rows bigint not null,
        drift bigint not null,
        proven_at timestamptz not null,
        primary key (organisation_id, livemode, object, month)""",
    )
    # `settled` once it is known whether an event was merely late.
    tenant_table(
        op,
        "mirror_drifts",
        """livemode boolean not null,
        object text not null,
        id text not null,
        drift text not null check (drift in ('MISSING', 'DIFFERENT', 'VANISHED')),
        fields text[] not null,
        found timestamptz not null,
        mended timestamptz,
        settled timestamptz,
        primary key (organisation_id, livemode, object, id, found)""",
        indexes=["(organisation_id, found desc)"],
    )
    definer_function(
        op,
        "organisations_to_prove(at timestamptz)",
        "table (organisation_id text)",
        """select organisation_id from mirror_proofs where next_at <= at
           and (leased_until is null or leased_until <= at) group by organisation_id order by min(next_at)""",
    )
