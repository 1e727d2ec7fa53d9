"""The verifications' only SQL."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from tillwright.domains.verification.report import Report
from tillwright.gateways.database import Tx


async def insert(tx: Tx, organisation_id: str, partner: str, service: str, report: Report) -> None:
    await tx.execute(
        "insert into verifications (organisation_id, id, partner, service, outcome, report, at) "
        "values (%s, %s, %s, %s, %s, %s, %s)",
        (organisation_id, report.id, partner, service, report.outcome, Jsonb(report.as_json()), report.at),
    )


async def prune(tx: Tx, organisation_id: str, partner: str, service: str, keep: int) -> None:
    """Deletes all but the newest reports."""
    await tx.execute(
        "delete from verifications where organisation_id = %(organisation)s and id in (select id from verifications "
        "where organisation_id = %(organisation)s and partner = %(partner)s and service = %(service)s "
        "order by at desc, id desc offset %(keep)s)",
        {"organisation": organisation_id, "partner": partner, "service": service, "keep": keep},
    )


async def by_id(tx: Tx, organisation_id: str, report_id: str) -> Report | None:
    row = await (
        await tx.execute(
            "select report from verifications where organisation_id = %s and id = %s", (organisation_id, report_id)
        )
    ).fetchone()
    return Report.from_json(row["report"]) if row else None


async def recent(tx: Tx, organisation_id: str, partner: str, service: str, limit: int) -> Sequence[Report]:
    """Reports, newest first."""
    rows = await (
        await tx.execute(
            "select report from verifications where organisation_id = %s and partner = %s and service = %s "
            "order by at desc, id desc limit %s",
            (organisation_id, partner, service, limit),
        )
    ).fetchall()
    return [Report.from_json(row["report"]) for row in rows]


async def held(tx: Tx, organisation_id: str, partner: str, service: str) -> int:
    row = await (
        await tx.execute(
            "select count(*) as n from verifications where organisation_id = %s and partner = %s and service = %s",
            (organisation_id, partner, service),
        )
    ).fetchone()
    return row["n"] if row else 0


async def delete(tx: Tx, organisation_id: str, partner: str, service: str) -> int:
    done = await tx.execute(
        "delete from verifications where organisation_id = %s and partner = %s and service = %s",
        (organisation_id, partner, service),
    )
    return done.rowcount
