"""What purchases grant, from the command line."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.doors.cli.test_people import run, settings
from tests.sandbox.conftest import Sandbox
from tillwright.doors.cli import purchases
from tillwright.kit.errors import Invalid
from tillwright.kit.seal import Secret
from tillwright.wiring import House

__all__ = ["settings"]


async def command(*arguments: str) -> str:
    """In a thread, because a command has a loop of its own."""
    return await asyncio.to_thread(run, purchases.app, *arguments)


async def test_set_list_and_remove(house: House, settings: None, stripe_sandbox: Sandbox) -> None:
    caller = await house.tenancy.create_organisation("Northwind", "ada@example.com", "correct horse battery")
    secret, public = Secret(stripe_sandbox.restricted_key), stripe_sandbox.publishable_key
    await house.integrations.connect(caller, publishable_key=public, secret_key=secret)
    assert "Nothing that is bought once grants anything yet." in await command("terms")
    made = (await command("set", "P1Y", "--default")).strip()
    await command("set", "nothing", "--default", "--from", "2027-06-01")
    text = await command("terms")
    for part in (f"{made} ", "P1Y ", "nothing ", "every other product, from 2027-06-01", "set by tillwright purchases",
                 "An edit is still going back"):  # fmt: skip
        assert part in text
    for wrong in (("P1Y",), ("P1Y", "--default", "--of", "prod_1"), ("a year", "--default")):
        with pytest.raises(Invalid):
            await command("set", *wrong)
    await command("remove", made)
    (left,) = json.loads(await command("terms", "--json"))["set"]
    assert (left["kind"], left["term"], left["appliesFrom"]) == ("default", None, "2027-06-01T00:00:00Z")
