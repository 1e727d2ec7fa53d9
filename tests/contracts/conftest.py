"""What the contracts' tests ask for; tests of the API's door may import the same fixtures."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.published import Opened, Published, published_clients
from tillwright.wiring import House


@pytest.fixture
async def open_published(house: House) -> AsyncIterator[Opened]:
    """Makes organisations, each with the published client for it."""
    async with published_clients(house) as opened:
        yield opened


@pytest.fixture
async def client(open_published: Opened) -> Published:
    """The published client with an administrator's key."""
    return await open_published()
