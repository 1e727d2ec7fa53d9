"""The trail is read by administrators, and proven against what is noted outside of the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.domains.tenancy.conftest import PASSWORD
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.domains.tenancy.trail import Trail
from tillwright.gateways.database import Database
from tillwright.gateways.ledger import Ledger
from tillwright.kit.clock import ManualClock
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


async def test_a_sign_in_that_fails_is_an_entry_where_its_organisation_is_known(
    trail: Trail, tenancy: Tenancy, admin: Principal, database: Database, clock: ManualClock
) -> None:
    for _ in range(10):
        with pytest.raises(Denied):
            await tenancy.sign_in("ada@example.com", "a guess that is wrong", agent="Guesser/1")
    found = await trail.page(admin, search="session:refuse")
    assert len(found) == 10
    assert {(e.actor.kind, e.subject_id, e.detail["why"]) for e in found} == {
        ("SYSTEM", admin.actor_id, "wrong password")
    }
    assert len(await trail.page(admin, search="guesser/1", limit=99)) == 10, "the search looks into the details"
    for _ in range(120):  # refused without being read
        with pytest.raises(Denied):
            await tenancy.sign_in("ada@example.com", PASSWORD)
    assert [e.detail["why"][:22] for e in await trail.page(admin, search="session:refuse")][:2] == [
        "too many failures: 100",
        "too many failures: 11 ",
    ]
    assert len(await trail.page(admin, search="session:refuse", limit=99)) == 12, "nobody fills a trail from outside"
    clock.move(15 * 60 + 1)
    await tenancy.sign_in("ada@example.com", PASSWORD)
    assert "guess that is wrong" not in repr(await trail.page(admin, limit=99))
    assert (await trail.verify(admin)).whole


async def test_one_for_an_address_nobody_has_is_the_installations(
    trail: Trail, tenancy: Tenancy, admin: Principal, clock: ManualClock
) -> None:
    with pytest.raises(Denied):
        await tenancy.sign_in("my-password-by-mistake", "x" * 12, agent="Browser")
    assert await trail.page(admin, search="refuse") == []
    (one,) = await tenancy.refused()
    assert (one.why, one.agent, one.at) == ("nobody has this address", "Browser", clock.now())
    assert "mistake" not in repr(one)
    clock.move(91 * 24 * 3600)
    with pytest.raises(Denied):
        await tenancy.sign_in("eve@example.com", "x" * 12)
    assert len(await tenancy.refused()) == 1


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
