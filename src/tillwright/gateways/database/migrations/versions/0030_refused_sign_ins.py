"""Sign-ins that failed for an address nobody has: of no organisation, so in no organisation's trail."""

from alembic import op

from tillwright.gateways.database.tables import global_table

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    global_table(
        op,
        "refused_sign_ins",
        """id bigint generated always as identity primary key,
        at timestamptz not null,
        address_digest text not null,
        why text not null,
        agent text not null""",
        reason="a sign-in that failed for an address nobody has is of no organisation",
        indexes=["(at)"],
        grants="select, insert, delete",
    )
