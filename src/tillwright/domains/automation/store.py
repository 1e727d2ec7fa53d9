"""The only SQL on workflows and their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.automation.model import Workflow, WorkflowState, WorkflowVersion
from tillwright.gateways.database import Tally, Tx, tally

_WORKFLOW_FIELDS = [field.name for field in fields(Workflow)]
_VERSION_FIELDS = [field.name for field in fields(WorkflowVersion)]


def workflow_of(row: Mapping[str, Any]) -> Workflow:
    values = {name: row[name] for name in _WORKFLOW_FIELDS}
    values["state"] = WorkflowState(row["state"])
    return Workflow(**values)


def _version(row: Mapping[str, Any]) -> WorkflowVersion:
    return WorkflowVersion(**{name: row[name] for name in _VERSION_FIELDS})


async def put(tx: Tx, workflow: Workflow) -> None:
    """Insert a workflow, or change the one with its id."""
    await tx.execute(
        "insert into workflows (organisation_id, id, name, description, trigger, state, version, created, updated, "
        "updated_by) values (%(organisation_id)s, %(id)s, %(name)s, %(description)s, %(trigger)s, %(state)s, "
        "%(version)s, %(created)s, %(updated)s, %(updated_by)s) "
        "on conflict (id) do update set description = excluded.description, trigger = excluded.trigger, "
        "state = excluded.state, version = excluded.version, updated = excluded.updated, "
        "updated_by = excluded.updated_by",
        vars(workflow),
    )


async def lock_names(tx: Tx, organisation_id: str) -> None:
    """One save at a time in an organisation: version numbers have no gap and no double."""
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended('tillwright workflows ' || %s, 0))", (organisation_id,)
    )


async def by_id(tx: Tx, organisation_id: str, workflow_id: str) -> Workflow | None:
    row = await (
        await tx.execute(
            "select * from workflows where organisation_id = %s and id = %s", (organisation_id, workflow_id)
        )
    ).fetchone()
    return workflow_of(row) if row else None


async def by_name(tx: Tx, organisation_id: str, name: str) -> Workflow | None:
    row = await (
        await tx.execute("select * from workflows where organisation_id = %s and name = %s", (organisation_id, name))
    ).fetchone()
    return workflow_of(row) if row else None


async def all_of(tx: Tx, organisation_id: str) -> Sequence[Workflow]:
    rows = await (
        await tx.execute("select * from workflows where organisation_id = %s order by name", (organisation_id,))
    ).fetchall()
    return [workflow_of(row) for row in rows]


async def in_force(tx: Tx, organisation_id: str) -> Sequence[tuple[Workflow, Mapping[str, Any]]]:
    """All workflows, active or paused, each with the document of its version in force."""
    rows = await (
        await tx.execute(
            "select w.*, v.document from workflows w join workflow_versions v on v.organisation_id = w.organisation_id "
            "and v.workflow_id = w.id and v.number = w.version "
            "where w.organisation_id = %s order by w.name",
            (organisation_id,),
        )
    ).fetchall()
    return [(workflow_of(row), row["document"]) for row in rows]


async def revision(tx: Tx, organisation_id: str) -> int:
    """A number that changes whenever a workflow does."""
    row = await (
        await tx.execute("select revision from automation_switches where organisation_id = %s", (organisation_id,))
    ).fetchone()
    return row["revision"] if row else 0


async def touch(tx: Tx, organisation_id: str) -> None:
    """Let every process see that a workflow has changed."""
    await tx.execute(
        "insert into automation_switches (organisation_id, revision) values (%s, 1) "
        "on conflict (organisation_id) do update set revision = automation_switches.revision + 1",
        (organisation_id,),
    )


async def add_version(tx: Tx, version: WorkflowVersion) -> None:
    await tx.execute(
        "insert into workflow_versions (organisation_id, id, workflow_id, number, source, document, author, created) "
        "values (%(organisation_id)s, %(id)s, %(workflow_id)s, %(number)s, %(source)s, %(document)s, %(author)s, "
        "%(created)s)",
        vars(version) | {"document": Jsonb(version.document)},
    )


async def version(tx: Tx, organisation_id: str, workflow_id: str, number: int) -> WorkflowVersion | None:
    row = await (
        await tx.execute(
            "select * from workflow_versions where organisation_id = %s and workflow_id = %s and number = %s",
            (organisation_id, workflow_id, number),
        )
    ).fetchone()
    return _version(row) if row else None


async def version_by_id(tx: Tx, organisation_id: str, version_id: str) -> WorkflowVersion | None:
    row = await (
        await tx.execute(
            "select * from workflow_versions where organisation_id = %s and id = %s", (organisation_id, version_id)
        )
    ).fetchone()
    return _version(row) if row else None


async def versions(tx: Tx, organisation_id: str, workflow_id: str) -> Sequence[WorkflowVersion]:
    """Newest first."""
    rows = await (
        await tx.execute(
            "select * from workflow_versions where organisation_id = %s and workflow_id = %s order by number desc",
            (organisation_id, workflow_id),
        )
    ).fetchall()
    return [_version(row) for row in rows]


async def delete(tx: Tx, organisation_id: str, workflow_id: str) -> None:
    await tx.execute("delete from workflows where organisation_id = %s and id = %s", (organisation_id, workflow_id))


async def count_active(tx: Tx, organisation_id: str) -> Tally:
    return await tally(tx, "workflows", organisation_id, "state = 'ACTIVE'")


async def pause_all(tx: Tx, organisation_id: str, at: datetime, by: str) -> int:
    """Pause what is active; returns how many."""
    done = await tx.execute(
        "update workflows set state = 'PAUSED', updated = %s, updated_by = %s "
        "where organisation_id = %s and state = 'ACTIVE'",
        (at, by, organisation_id),
    )
    return done.rowcount
