"""Access ends at once, from whichever side it is ended, and Stripe is told until it has heard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.domains.connections.conftest import Linked
from tillwright.domains import events
from tillwright.domains.notifications.catalogue import scope_of
from tillwright.domains.removal import Removal
from tillwright.domains.removal.parts import ConnectionsPart
from tillwright.kit.errors import Absent, Conflict, Denied, TillwrightError
from tillwright_sandbox.world import ACME, NORTHWIND


async def read(linked: Linked) -> list[dict]:
    return (await (await linked.connections.read(linked.ada, why="a test")).all("/v1/customers")).items


async def told_by_mail(linked: Linked) -> list[tuple[str, str, str]]:
    """What the notices' room hears: to whom, of which account, why."""
    rows = await linked.rooms.rows("select data from spine_events where name = 'connection:STRIPE:lost' order by id")
    found = [scope_of("TERMINATE.INTEGRATION").values(row["data"]) for row in rows]
    return [(each["email"], each["accountId"], each["reason"]) for each in found]


async def nothing_left(linked: Linked) -> None:
    assert [await linked.count(table) for table in ("connections", "connection_cache")] == [0, 0]
    assert not linked.reaches()
    with pytest.raises(Absent):
        await read(linked)


async def test_delete_revokes_at_stripe_and_erases_what_was_read(linked: Linked) -> None:
    connection = await linked.connect()
    linked.rooms.sandbox.client_with("sk_test_sandbox_acme").v1.customers.create({"name": "Of Acme"})
    assert [each["name"] for each in await read(linked)] == ["Of Acme"]
    assert await linked.count("connection_cache") == 1
    assert await linked.connections.disconnect(linked.ada, connection.id) is True
    await nothing_left(linked)
    audit = await linked.rooms.rows("select action, detail from audit_entries where action = 'user:connection:end'")
    assert [entry["detail"]["why"] for entry in audit] == ["disconnected by its user"]
    assert await told_by_mail(linked) == [], "who did it themselves needs no mail"


async def test_another_user_can_neither_see_nor_end_it(linked: Linked) -> None:
    connection = await linked.connect()
    with pytest.raises(Absent):
        await linked.connections.disconnect(linked.eve, connection.id)
    with pytest.raises(Absent):
        await linked.connections.read(linked.eve, why="a test")
    assert linked.reaches()


async def test_with_stripe_down_it_ends_here_and_stripe_is_told_later(linked: Linked) -> None:
    connection = await linked.connect()
    linked.rooms.sandbox.world.faults.add(kind="status", path="/oauth/deauthorize", status=503)
    assert await linked.connections.disconnect(linked.ada, connection.id) is False
    assert await linked.count("connections") == 0
    with pytest.raises(Absent):
        await read(linked)
    owed = await linked.connections.revocations(linked.ada)
    assert [(each.account_id, each.state, each.tries, bool(each.error)) for each in owed] == [
        (ACME, "PENDING", 1, True)
    ]
    assert await linked.connections.step() == 0  # not due yet
    linked.rooms.clock.move(20)
    assert await linked.connections.step() == 1
    linked.rooms.sandbox.world.faults.clear()
    assert linked.reaches()
    linked.rooms.clock.move(60)
    assert await linked.connections.step() == 1
    await nothing_left(linked)
    assert await linked.connections.revocations(linked.ada) == []


async def test_connected_again_before_stripe_was_told_nothing_is_taken_back(linked: Linked) -> None:
    connection = await linked.connect()
    linked.rooms.sandbox.world.faults.add(kind="status", path="/oauth/deauthorize", status=503, times=1)
    await linked.connections.disconnect(linked.ada, connection.id)
    await linked.connect()
    linked.rooms.clock.move(3600)
    await linked.connections.step()
    assert linked.reaches()
    assert await read(linked) == []


@pytest.mark.parametrize("how", ["the next question", "the spine", "the regular look"])
async def test_taken_back_at_stripe(linked: Linked, how: str) -> None:
    await linked.connect()
    linked.rooms.sandbox.world.connect.revoke(NORTHWIND, ACME, False)
    organisation = linked.ada.organisation_id
    if how == "the next question":
        with pytest.raises(Denied) as caught:
            await read(linked)
        assert caught.value.code == "connection_ended"
    elif how == "the spine":
        said = {"account_id": ACME, "livemode": False}
        async with linked.rooms.database.tenant(organisation) as tx:
            name = "stripe:event:account.application.deauthorized"
            await events.record(tx, organisation, name, said, linked.rooms.clock.now())
        await linked.connections.step()
    else:
        linked.rooms.clock.move(601)
        await linked.connections.step()
    await nothing_left(linked)
    assert ["taken back at Stripe" in each.sentence for each in await linked.connections.notices(linked.ada)] == [True]
    assert await linked.connections.revocations(linked.ada) == []
    assert await told_by_mail(linked) == [("ada@example.com", ACME, "Access was taken back at Stripe.")]
    await linked.connections.dismiss_notices(linked.ada)
    assert await linked.connections.notices(linked.ada) == []


async def test_the_other_modes_departure_is_none_of_this_one(linked: Linked) -> None:
    await linked.connect()
    organisation = linked.ada.organisation_id
    async with linked.rooms.database.tenant(organisation) as tx:
        name, said = "stripe:event:account.application.deauthorized", {"account_id": ACME, "livemode": True}
        await events.record(tx, organisation, name, said, linked.rooms.clock.now())
    await linked.connections.step()
    assert await linked.count("connections") == 1


@pytest.mark.parametrize("said", ["deleted", "changed"])
async def test_its_user_leaves_the_organisation(linked: Linked, said: str) -> None:
    await linked.connect()
    organisation, data = linked.ada.organisation_id, {"userId": "usr_ada", "email": "ada@example.com"}
    async with linked.rooms.database.tenant(organisation) as tx:
        await tx.execute("delete from memberships where user_id = 'usr_ada'")
        if said == "deleted":
            await tx.execute("delete from users where id = 'usr_ada'")  # their address goes with them
        await events.record(tx, organisation, f"user:MEMBER:{said}", data, linked.rooms.clock.now())
    await linked.connections.step()
    await nothing_left(linked)
    assert await told_by_mail(linked) == [("ada@example.com", ACME, "Membership of the organisation ended.")]


async def test_the_platforms_key_is_replaced_by_another_accounts(linked: Linked) -> None:
    await linked.connect()
    await linked.rooms.removal.delete_integration(linked.rooms.principal)  # without the part: the key alone is gone
    with pytest.raises(Conflict):
        await read(linked)
    await linked.rooms.connect("pk_test_sandbox_oldmill", "rk_test_sandbox_oldmill")
    with pytest.raises(Conflict):
        await read(linked)
    linked.rooms.clock.move(601)
    await linked.connections.step()
    assert await linked.count("connections") == 0
    assert len(await linked.connections.notices(linked.ada)) == 1
    assert [why for _, _, why in await told_by_mail(linked)] == ["The organisation's Stripe integration changed."]


@pytest.mark.parametrize("stripe", ["up", "down"])
async def test_deletion_of_the_integration_deauthorises_and_erases(linked: Linked, stripe: str) -> None:
    await linked.connect()
    await read(linked)
    if stripe == "down":
        linked.rooms.sandbox.world.faults.add(kind="status", path="/oauth/deauthorize", status=503)
    rooms = linked.rooms
    removal = Removal(
        database=rooms.database,
        clock=rooms.clock,
        integrations=rooms.integrations,
        verification=rooms.verification,
        effects=rooms.effects,
        parts=[ConnectionsPart(linked.connections)],
    )
    receipt = await removal.delete_integration(rooms.principal)
    assert linked.reaches() is (stripe == "down")
    assert [line.id for line in receipt.left] == ([ACME] if stripe == "down" else [])
    for table in ("connections", "connection_starts", "connection_revocations", "connection_cache"):
        assert await linked.count(table) == 0, table
    assert len(await linked.connections.notices(linked.ada)) == 1
    reason = "The organisation's Stripe integration was deleted."
    assert await told_by_mail(linked) == [("ada@example.com", ACME, reason)]


async def test_a_pause_of_the_integration_ends_no_connection(linked: Linked) -> None:
    await linked.connect()
    rooms = linked.rooms
    for paused in (True, False):
        version = (await rooms.integrations.get(rooms.principal)).version
        await rooms.integrations.update(rooms.principal, expected_version=version, settings={"paused": paused})
        rooms.clock.move(601)
        await linked.connections.step()
    assert await read(linked) == []
    assert await linked.connections.notices(linked.ada) == []


class Killed(BaseException):
    """The process is gone at this point."""


class Points:
    """Counts the places where something is sent or committed, and ends everything at the chosen one."""

    def __init__(self, at: int) -> None:
        self.at, self.seen = at, 0

    def reach(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            raise Killed

    def around(self, port: object, names: tuple[str, ...]) -> object:
        points = self

        class Port:
            def __getattr__(self, name: str) -> object:
                real = getattr(port, name)
                if name not in names:
                    return real

                async def call(*args: object, **kwargs: object) -> object:
                    points.reach()
                    answer = await real(*args, **kwargs)
                    points.reach()
                    return answer

                return call

        return Port()

    def database(self, real: object) -> object:
        import contextlib

        points = self

        class Committing:
            @contextlib.asynccontextmanager
            async def tenant(self, organisation_id: str):
                async with real.tenant(organisation_id) as tx:  # type: ignore[attr-defined]
                    yield tx
                    points.reach()  # before the commit
                points.reach()  # after it

            def __getattr__(self, name: str) -> object:
                return getattr(real, name)

        return Committing()


def killed_at(linked: Linked, at: int) -> tuple[object, Points]:
    from tillwright.gateways.stripe.live import LiveOAuth

    points = Points(at)
    made = linked.build(
        oauth=points.around(LiveOAuth(linked.rooms.sandbox.url), ("redeem", "revoke")),
        database=points.database(linked.rooms.database),
    )
    return made, points


async def test_without_a_kill_there_are_no_further_points(linked: Linked) -> None:
    told = await linked.at_stripe(await linked.begin())
    made, points = killed_at(linked, 1000)
    connection = await replace(linked, connections=made).finish(told)
    assert points.seen == 6
    await made.disconnect(linked.ada, connection.id)  # type: ignore[attr-defined]
    assert points.seen == 6 + 8


async def agree(linked: Linked) -> None:
    """After recovery: what is linked here is authorised at Stripe, and nothing else is."""
    linked.rooms.clock.move(180)
    await linked.connections.step()
    linked.rooms.clock.move(7 * 3600)
    await linked.connections.step()
    rows = await linked.rooms.rows("select account_id from connections")
    assert ([row["account_id"] for row in rows] == [ACME]) is linked.reaches()
    assert len(rows) <= 1
    starts = await linked.rooms.rows("select * from connection_starts where sealed_code is not null")
    assert starts == []


@pytest.mark.parametrize("at", range(1, 7))
async def test_killed_at_each_step_of_connecting(linked: Linked, at: int) -> None:
    told = await linked.at_stripe(await linked.begin())
    made, points = killed_at(linked, at)
    with pytest.raises(Killed):
        await replace(linked, connections=made).finish(told)
    assert points.seen == at
    await agree(linked)
    # The state was used up, or it is still fresh: never both.
    if await linked.count("connections"):
        with pytest.raises(TillwrightError):
            await linked.finish(told)
    await agree(linked)


@pytest.mark.parametrize("at", range(1, 9))
async def test_killed_at_each_step_of_disconnecting(linked: Linked, at: int) -> None:
    connection = await linked.connect()
    made, _ = killed_at(linked, at)
    with pytest.raises(Killed):
        await replace(linked, connections=made).connections.disconnect(linked.ada, connection.id)
    await agree(linked)
    if at > 1:  # committed here: nothing may bring it back
        await nothing_left(linked)
