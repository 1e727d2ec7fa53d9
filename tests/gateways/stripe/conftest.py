"""The live gateway pointed at a sandbox over real HTTP, on a clock whose waits take no time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret


@pytest.fixture
def access(stripe_sandbox: Sandbox) -> Access:
    return Access("org_test", Secret(stripe_sandbox.secret_key), False, stripe_sandbox.account)


@pytest.fixture
async def reader(stripe_sandbox: Sandbox, clock: ManualClock) -> AsyncIterator[LiveReader]:
    reader = LiveReader(stripe_sandbox.url, limits=NoLimits(), clock=clock)
    yield reader
    await reader.close()


@pytest.fixture
async def writer(stripe_sandbox: Sandbox, clock: ManualClock) -> AsyncIterator[LiveWriter]:
    writer = LiveWriter(stripe_sandbox.url, limits=NoLimits(), clock=clock)
    yield writer
    await writer.close()
