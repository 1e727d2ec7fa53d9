"""What calls a workflow from outside, and the events that a paused one did not begin on."""

from alembic import op

from tillwright.gateways.database.tables import tenant_table

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    tenant_table(
        op,
        "workflow_hooks",
        """workflow_id text not null references workflows(id) on delete cascade,
        sealed_secret bytea not null,
        earlier_sealed bytea,
        earlier_until timestamptz,
        created timestamptz not null,
        renewed timestamptz not null,
        last_delivery timestamptz,
        primary key (organisation_id, workflow_id)""",
        indexes=["(workflow_id)"],
    )
    tenant_table(
        op,
        "kept_events",
        """run_id text not null,
        workflow_id text not null references workflows(id) on delete cascade,
        trigger jsonb not null,
        created timestamptz not null,
        place bigint generated always as identity,
        primary key (organisation_id, run_id)""",
        indexes=["(organisation_id, workflow_id, place)", "(workflow_id)"],
    )
