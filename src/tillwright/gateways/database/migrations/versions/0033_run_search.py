"""Runs are found by the object they are about, and by its customer."""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.execute(
        "create index workflow_runs_about on tillwright.workflow_runs (organisation_id, (trigger->>'object_id'))"
    )
    op.execute(
        "create index run_steps_customer on tillwright.run_steps (organisation_id, (answer->>'customer')) "
        "where step = '_fetch'"
    )
