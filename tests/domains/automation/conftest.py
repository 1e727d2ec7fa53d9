"""The stage for tests that execute runs."""

from __future__ import annotations

import pytest

from tests.domains.automation.stage import Stage, make_stage
from tests.sandbox.conftest import Sandbox
from tillwright.domains.events import Happening, happenings
from tillwright.kit.clock import ManualClock
from tillwright.wiring import House

FIELDS = "n word url later what amount invoice customer charge coupon absent"
"""Of the tests' own events, each of any kind."""


@pytest.fixture
async def stage(house: House, stripe_sandbox: Sandbox, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Its workflows may start on `trial:*:*` too: what only a test makes happen."""
    row = Happening("trial:*:*", "A test made it happen.", dict.fromkeys(FIELDS.split()))
    monkeypatch.setattr(happenings, "HAPPENINGS", (*happenings.HAPPENINGS, row))
    return await make_stage(house, stripe_sandbox, clock)
