"""Links by which somebody who forgot their password chooses another one."""

from alembic import op

from tillwright.gateways.database.tables import global_table

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    # A row for each address that was asked for, whether somebody has it or not: who asks learns nothing by how long it
    # takes. The worker finds out, and makes the token when the mail leaves: it is nowhere but in that mail.
    global_table(
        op,
        "password_resets",
        """id text primary key,
        email text not null,
        asked timestamptz not null,
        due timestamptz,
        attempts integer not null default 0,
        user_id text references tillwright.users(id) on delete cascade,
        token_digest text unique,
        expires timestamptz""",
        reason="somebody who forgot their password is not in an organisation yet",
        indexes=["(email, asked)", "(asked)", "(due) where due is not null"],
    )
