"""The trail is read by administrators, and proven against what is noted outside of the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.domains.tenancy.trail import Trail
from tillwright.gateways.database import Database
from tillwright.gateways.ledger import Ledger
from tillwright.kit.errors import Absent, Denied
from tillwright.kit.seal import Secret


@pytest.fixture
def trail(database: Database, tmp_path: Path) -> Trail:
    return Trail(database=database, ledger=Ledger(tmp_path))


async def rename(tenancy: Tenancy, admin: Principal, times: int) -> None:
    for n in range(times):
        await tenancy.change_organisation(admin, name=f"Name {n}")


async def test_it_is_read_and_only_by_administrators(trail: Trail, tenancy: Tenancy, admin: Principal) -> None:
    await rename(tenancy, admin, 3)
    assert [e.number for e in await trail.page(admin, limit=2)] == [4, 3]
    assert [e.action for e in await trail.page(admin, search="create")] == ["tenancy:organisation:create"]
    assert (await trail.entry(admin, 2)).detail["name"] == "Name 0"
    with pytest.raises(Absent):
        await trail.entry(admin, 9)
    for attempt in (trail.page, trail.verify):
        with pytest.raises(Denied):
            await attempt(replace(admin, role="EDITOR"))


async def test_an_end_cut_off_shows_once_it_was_noted(
    trail: Trail, tenancy: Tenancy, admin: Principal, database_url: Secret
) -> None:
    await rename(tenancy, admin, 3)
    assert (await trail.verify(admin)).anchored == 0
    await trail.anchor()
    proof = await trail.verify(admin)
    assert (proof.whole, proof.entries, proof.anchored) == (True, 4, 4)
    with psycopg.connect(database_url.reveal(), autocommit=True) as owner:
        owner.execute("delete from tillwright.audit_entries where number = 4")
    assert (await trail.verify(admin)).broken_at == 4
    await rename(tenancy, admin, 2)
    await trail.anchor()
    proof = await trail.verify(admin)
    assert (proof.broken_at, proof.anchored) == (4, 4), (
        "what was noted is not written over by what does not continue it"
    )
