"""Workflows, runs and approvals by a filter and a sort, as the API's `/query` lists ask for them."""

from __future__ import annotations

from collections.abc import Sequence

from tillwright.domains.automation import finding_store
from tillwright.domains.automation.model import Approval, Run, Workflow
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit import query

NEWEST = "created desc"


class Finding:
    """Each verb gives a slice of what the filter finds, and how many that are.

    Args of each:
        q, s: as `kit.query` reads them, over the columns of `finding_store`; newest first without a sort.

    Raises, each:
        Invalid: `q` or `s` can't be read.
    """

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def workflows(
        self, principal: Principal, *, q: str | None = None, s: str | None = None, limit: int = 20, offset: int = 0
    ) -> tuple[Sequence[Workflow], int]:
        principal.require("workflow:read")
        where = query.where(q, finding_store.WORKFLOWS)
        order = query.order(s, finding_store.WORKFLOWS, NEWEST)
        async with self._database.tenant(principal.organisation_id) as tx:
            return await finding_store.workflows(tx, principal.organisation_id, where, order, limit, offset)

    async def runs(
        self, principal: Principal, *, q: str | None = None, s: str | None = None, limit: int = 20, offset: int = 0
    ) -> tuple[Sequence[Run], int]:
        principal.require("workflow:read")
        where = query.where(q, finding_store.RUNS)
        order = query.order(s, finding_store.RUNS, NEWEST)
        async with self._database.tenant(principal.organisation_id) as tx:
            return await finding_store.runs(tx, principal.organisation_id, where, order, limit, offset)

    async def approvals(
        self, principal: Principal, *, q: str | None = None, s: str | None = None, limit: int = 20, offset: int = 0
    ) -> tuple[Sequence[Approval], int]:
        principal.require("workflow:read")
        where = query.where(q, finding_store.APPROVALS)
        order = query.order(s, finding_store.APPROVALS, NEWEST)
        async with self._database.tenant(principal.organisation_id) as tx:
            return await finding_store.approvals(tx, principal.organisation_id, where, order, limit, offset)
