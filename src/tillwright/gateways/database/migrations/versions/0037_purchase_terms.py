"""What a purchase grants by a setting, and how far an edit of it has gone back over the purchases there are."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    # An empty object id: every product without a row of its own. An empty term: nothing.
    tenant_table(
        op,
        "purchase_terms",
        """id text primary key,
        livemode boolean not null,
        object_id text not null,
        term text not null,
        since timestamptz not null,
        by text not null,
        updated timestamptz not null""",
        indexes=["unique (organisation_id, livemode, object_id, since)"],
    )
    tenant_table(
        op,
        "purchase_reviews",
        """livemode boolean not null,
        object text not null,
        cursor text not null default '',
        primary key (organisation_id, livemode, object)""",
    )
    definer_function(
        op,
        "organisations_with_purchases_to_review()",
        "table (organisation_id text)",
        "select distinct organisation_id from purchase_reviews",
    )
