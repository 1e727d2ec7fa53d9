"""The stage for tests that execute runs."""

from __future__ import annotations

import pytest

from tests.domains.automation.stage import Stage, make_stage
from tests.sandbox.conftest import Sandbox
from tillwright.kit.clock import ManualClock
from tillwright.wiring import House


@pytest.fixture
async def stage(house: House, stripe_sandbox: Sandbox, clock: ManualClock) -> Stage:
    return await make_stage(house, stripe_sandbox, clock)
