"""What a deletion is said to take is what it then takes: over everything an organisation can have."""

from __future__ import annotations

from tests.doors.owned import own, rows_of
from tests.sandbox.conftest import Sandbox
from tillwright.wiring import House

# What is counted before, and the line of the receipt that counts it afterwards.
TOLD = {
    "Access given to assistants": "Access given to assistants was ended.",
    "Conversations about this account": "Conversations about this account were deleted.",
    "Runs in progress, cancelled": "Runs that were not over were cancelled.",
    "Active workflows, paused": "Active workflows were paused; their definitions stay.",
    "Links to users’ own accounts": "Links to users' own accounts and what was read of them were deleted.",
    "Events received from Stripe": "Received events and the endpoint's secret were deleted.",
    "Mirrored objects": "Mirrored objects were deleted.",
    "Entitlements, those made by hand too": "Entitlements were deleted, with the record of their notices.",
    "Settings of what a purchase grants": "Settings of what a purchase grants were deleted.",
    "Credit wallets; their credit stays the buyers’": (
        "Credit wallets were deleted; the credit on the buyers' balances stays theirs."
    ),
    "Records of writes at Stripe": "Records of writes at Stripe were deleted.",
    "Verification reports": "Verification reports were deleted.",
    "Sealed keys": "Sealed keys were shredded.",
}


async def test_what_was_said_is_what_went(house: House, stripe_sandbox: Sandbox) -> None:
    owned = await own(house, stripe_sandbox)
    stakes = {each.what: each for each in await house.removal.at_stake(owned.principal)}
    notices = len(await rows_of(owned, "entitlement_notices"))
    assert stakes.pop("Records of notices before an end").count == notices
    receipt = await house.removal.delete_integration(owned.principal)
    lines = {line.what: line.count for line in receipt.lines}
    assert {what: each.count for what, each in stakes.items()} == {what: lines[line] for what, line in TOLD.items()}
    assert stakes["Mirrored objects"].count > 0
    assert not any(each.more for each in stakes.values())
    after = {each.what: each.count for each in await _anew(house, owned.principal.organisation_id)}
    assert set(after.values()) <= {0}, after


async def _anew(house: House, organisation_id: str) -> list:
    """The parts, asked once more."""
    async with house.database.tenant(organisation_id) as tx:
        return [each for part in house.removal._parts for each in await part.at_stake(tx, organisation_id)]
