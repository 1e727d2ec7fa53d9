"""The published client, unchanged: API clients, and what a caller without the right is told."""

from __future__ import annotations

import pytest
from suger_sdk_python.exceptions import ForbiddenException, NotFoundException, UnauthorizedException

from tests.contracts.published import Opened, Published


async def test_api_clients_are_listed_and_shown(client: Published) -> None:
    (listed,) = await client.call("APIApi", "list_api_clients", client.organisation_id)
    assert (listed.role, listed.organization_id) == ("ADMIN", client.organisation_id)
    shown = await client.call("APIApi", "get_api_client", client.organisation_id, listed.id)
    assert shown == listed
    assert shown.creation_time is not None
    assert client.key not in shown.to_json()


async def test_what_is_not_there_is_a_404(client: Published) -> None:
    with pytest.raises(NotFoundException):
        await client.call("APIApi", "get_api_client", client.organisation_id, "apc_none")


@pytest.mark.parametrize("prefix", ["key", "Bearer", ""])
async def test_the_word_before_the_key_is_part_of_it(client: Published, prefix: str) -> None:
    with pytest.raises(UnauthorizedException):
        await client.call("APIApi", "list_api_clients", client.organisation_id, prefix=prefix)


async def test_an_unknown_key_is_a_401(client: Published) -> None:
    with pytest.raises(UnauthorizedException):
        await client.with_key("twk_unknown").call("APIApi", "list_api_clients", client.organisation_id)


async def test_a_role_too_low_is_a_403(open_published: Opened) -> None:
    viewer = await open_published("Southwind", "VIEWER")
    with pytest.raises(ForbiddenException):
        await viewer.call("APIApi", "list_api_clients", viewer.organisation_id)


async def test_another_organisation_is_a_404(client: Published, open_published: Opened) -> None:
    other = await open_published("Eastwind")
    with pytest.raises(NotFoundException):
        await other.call("APIApi", "list_api_clients", client.organisation_id)
