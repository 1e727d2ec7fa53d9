"""A process killed at any point of connecting or of changing a key: all of it happened, or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from tests.domains.connected import Rooms
from tillwright.domains.verification.permissions import wanted_rights
from tillwright.gateways.stripe.live import SdkExchange
from tillwright.kit.seal import Secret

WANTED = [right.removeprefix("rak_") for right in wanted_rights()]


class Killed(BaseException):
    pass


class Deaths:
    """The numbered points: before and after each request to Stripe, before and after each statement.

    A transaction that dies before its commit is one the database never heard of.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.at, self.passed = at, 0
        exchange, execute = SdkExchange.__call__, psycopg.AsyncConnection.execute

        async def exchanged(*arguments: Any, **options: Any) -> Any:
            self.point()
            answer = await exchange(*arguments, **options)
            self.point()
            return answer

        async def executed(*arguments: Any, **options: Any) -> Any:
            self.point()
            cursor = await execute(*arguments, **options)
            self.point()
            return cursor

        monkeypatch.setattr(SdkExchange, "__call__", exchanged)
        monkeypatch.setattr(psycopg.AsyncConnection, "execute", executed)

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed


async def dying(at: int, work: Callable[[], Awaitable[Any]]) -> tuple[bool, int]:
    """(whether it died, how many points it passed)."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        deaths = Deaths(monkeypatch, at)
        try:
            await work()
        except Killed:
            return True, deaths.passed
        return False, deaths.passed


async def state(rooms: Rooms) -> tuple[int, int, int, int]:
    tables = ("integrations", "credentials", "spine_events", "verifications")
    return tuple([(await rooms.rows(f"select count(*) as n from {table}"))[0]["n"] for table in tables])  # type: ignore[return-value]


async def test_killed_at_each_point_of_connecting(rooms: Rooms) -> None:
    at, died = 1, True
    while died:
        died, _ = await dying(at, rooms.connect)
        if died:
            assert await state(rooms) == (0, 0, 0, 0), f"point {at}: nothing is half saved"
        at += 1
    assert at > 20, "each request and each statement was a point"
    print(f"{at - 2} points")
    assert await state(rooms) == (1, 1, 1, 0)
    access = await rooms.integrations.access(rooms.principal.organisation_id)
    assert access.key.matches(rooms.sandbox.restricted_key)


async def test_killed_at_each_point_of_changing_a_key(rooms: Rooms) -> None:
    def key() -> str:
        return rooms.sandbox.world.keys.create(rooms.sandbox.account, False, WANTED).secret

    old = key()
    await rooms.connect(secret=old)
    await rooms.verification.verify(rooms.principal)
    new = key()

    async def rotate() -> Any:
        now = await rooms.integrations.get(rooms.principal)
        return await rooms.rotation.rotate(
            rooms.principal, expected_version=now.version, publishable_key=None, secret_key=Secret(new)
        )

    before = await state(rooms)
    # How many there are is known from a life that was not cut short, of another organisation's key.
    died, points = await dying(10**9, rotate)
    assert not died
    await rooms.integrations.end_overlap(rooms.principal)
    before, old, new = await state(rooms), new, key()
    probes = range(12, points - 40, 13)  # the questions of VERIFY are all alike: some of them
    for at in [*range(1, 12), *probes, *range(points - 40, points + 1)]:
        died, _ = await dying(at, rotate)
        access = await rooms.integrations.access(rooms.principal.organisation_id)
        now = await rooms.integrations.get(rooms.principal)
        if died:
            assert await state(rooms) == before, f"point {at} of {points}: nothing is half done"
            assert access.key.matches(old)
            assert now.status == "VERIFIED"
            assert (now.key_hint, now.previous) == (old[-4:], None)
        await rooms.reader.get(access, "/v1/customers", {"limit": 1})
        if not died:
            break
    if died:
        await rotate()
    access = await rooms.integrations.access(rooms.principal.organisation_id)
    assert access.key.matches(new)
    assert access.spare is not None
    assert access.spare.matches(old)
