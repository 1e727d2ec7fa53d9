"""Sign-ins that may only read an organisation's mirror, for people with SQL and BI tools."""

from alembic import op

from tillwright.gateways.database.tables import READER_ROLE, SCHEMA, definer_function, tenant_table

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # Roles belong to the whole server: another database of it may have made this one already.
    op.execute(
        f"do $$ begin create role {READER_ROLE} nologin; "
        "exception when duplicate_object or unique_violation then null; end $$"
    )
    tenant_table(
        op,
        "mirror_readers",
        """role text primary key,
        created timestamptz not null,
        created_by text not null""",
    )
    # Whose mirror a reader sees follows from the name it signed in by: no setting that it could change itself.
    definer_function(
        op,
        "organisation_of_reader()",
        "text",
        "select organisation_id from mirror_readers where role = session_user::text",
    )
    op.execute(f"alter function {SCHEMA}.organisation_of_reader() stable")
    op.execute(f"grant execute on function {SCHEMA}.organisation_of_reader() to {READER_ROLE}")
    op.execute(f"grant usage on schema {SCHEMA} to {READER_ROLE}")
    op.execute(f"grant select on {SCHEMA}.mirror_objects to {READER_ROLE}")
    op.execute(
        f"create policy reader on {SCHEMA}.mirror_objects for select to {READER_ROLE} "
        f"using (organisation_id = (select {SCHEMA}.organisation_of_reader()))"
    )
