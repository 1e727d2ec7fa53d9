"""VERIFY tells what a platform's key may do on accounts that users connect, once there is a client id for them."""

from __future__ import annotations

import pytest

from tests.domains.connected import Rooms
from tillwright_sandbox.rights import ALL


async def advice(rooms: Rooms, client_id: str) -> str:
    integration = await rooms.integrations.of(rooms.principal.organisation_id)
    await rooms.integrations.update(
        rooms.principal, expected_version=integration.version, settings={"connect_client_id": client_id}
    )
    return " ".join((await rooms.verification.verify(rooms.principal)).advice)


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        ({"connect_write"}, "could write to accounts that users connect"),
        ({"connect_read"}, None),
        (set(), "no Connect permissions"),
    ],
)
async def test_what_it_may_do_there_is_said(rooms: Rooms, rights: set[str], said: str | None) -> None:
    await rooms.connect()
    key = rooms.sandbox.world.keys.by_secret[rooms.sandbox.restricted_key]
    key.rights = frozenset((ALL - {"connect_read", "connect_write"}) | rights)
    told = await advice(rooms, "ca_northwindsandbx")
    assert (said in told) if said else ("onnect" not in told)
    assert rooms.writes == 1  # pairing the two keys when they were connected; asking made nothing


async def test_without_a_client_id_nothing_is_asked(rooms: Rooms) -> None:
    await rooms.connect()
    assert "accounts that users connect" not in await advice(rooms, "")
