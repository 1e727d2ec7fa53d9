"""Canaries: a key never shows in a text, a log, a traceback, JSON or a pickle, whatever goes wrong."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict

import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret

CANARY = "sk_test_canary0SECRET0tail9Zq8"
PARTS = (CANARY, "canary0SECRET", "9Zq8")


def assert_silent(text: str) -> None:
    for part in PARTS:
        assert part not in text


@pytest.fixture
def canary() -> Access:
    return Access("org", Secret(CANARY), False)


def test_an_access_tells_nothing(canary: Access) -> None:
    assert_silent(f"{canary} {canary!r} {canary.budget} {asdict(canary)}")
    with pytest.raises(TypeError):
        json.dumps(asdict(canary))
    with pytest.raises(TypeError):
        pickle.dumps(canary)
    assert copy.deepcopy(canary) == canary


@pytest.mark.parametrize("fault", ["refused", "reset", "html", "unreachable", "bug"])
async def test_no_failure_tells_the_key(
    fault: str, canary: Access, stripe_sandbox: Sandbox, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    url = "http://127.0.0.1:9" if fault == "unreachable" else stripe_sandbox.url
    if fault in ("reset", "html"):
        stripe_sandbox.world.faults.add(kind=fault, status=502)
    reader = LiveReader(url, limits=NoLimits(), clock=clock)
    writer = LiveWriter(url, limits=NoLimits(), clock=clock)
    params = {"amount": object()} if fault == "bug" else {"amount": 1}
    for request in (reader.get(canary, "/v1/account"), writer.send(canary, "POST", "/v1/charges", params, "key")):
        with caplog.at_level(logging.DEBUG), pytest.raises((StripeFailure, TypeError)) as caught:
            await request
        error = caught.value
        told = [repr(error), str(error), "".join(traceback.format_exception(error))]
        # A crash reporter prints every frame's variables: only our own types may be seen there.
        told.append("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
        if isinstance(error, StripeFailure):
            told.append(json.dumps(error.record()))
            assert error.__context__ is None
        assert_silent("\n".join(told))
    assert_silent(caplog.text)
    await reader.close()
    await writer.close()
