"""One organisation dumps thousands of events, 49 others have one each: theirs are first at every place on the way.

Counted in turns, not in seconds: how many of the loud one's go before, at the door, in the mirror, on the spine, and
among the runs that are handed over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.domains.webhooks.conftest import Sender, listen
from tillwright.domains import events
from tillwright.domains.automation.handing_over import IN_HAND
from tillwright.domains.tenancy import Principal
from tillwright.doors.worker import Relay
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Seal
from tillwright.kit.turns import share
from tillwright.wiring import House

STORM, QUIET = 5_000, 49
COMMIT = 500
"""Events a commit holds at most."""
WORKFLOW = """
name: seen
trigger: {stripe_event: customer.updated}
steps:
  - id: said
    action: note
    with: {text: Changed}
"""
AGAIN = """
insert into workflow_runs overriding user value select (jsonb_populate_record(null::workflow_runs,
  to_jsonb(r) || jsonb_build_object('id', r.id || '_' || n))).* from workflow_runs r, generate_series(1, %s) n
"""
"""More runs like those there are."""


class Queue:
    """Whose runs were handed over, in this order."""

    def __init__(self) -> None:
        self.given: list[str] = []

    async def enqueue(self, run_id: str, payload: Mapping[str, Any]) -> None:
        self.given.append(payload["organisation_id"])


async def open_shop(house: House, seal: Seal, clock: ManualClock, number: int) -> tuple[Principal, Sender]:
    principal = await house.tenancy.create_organisation(f"Shop {number}", f"a{number}@example.com", "a long password")
    await house.automation.save(principal, WORKFLOW, activate=True)
    return principal, await listen(house.database, seal, clock, house.webhooks, principal.organisation_id)


async def count(house: House, organisation_id: str, query: str) -> int:
    async with house.database.tenant(organisation_id) as tx:
        row = await (await tx.execute(f"select count(*) as n from {query}")).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row["n"]


async def test_a_storm_is_behind_everybody_elses_first_event(house: House, clock: ManualClock) -> None:
    seal = Seal(house.settings.keyring())
    (loud, storm), *others = [await open_shop(house, seal, clock, number) for number in range(QUIET + 1)]
    relay = Relay(house.database, "automation", together=house.automation.match_events)
    while await relay.step():
        pass

    answered = list[bool]()  # whether of a quiet one, in the order of the answers

    async def send(sender: Sender, number: int, quiet: bool) -> None:
        await sender.send(sender.event(number))
        answered.append(quiet)

    await asyncio.gather(
        *(send(storm, number, False) for number in range(STORM)),
        *(send(sender, 1, True) for _, sender in others),
    )
    assert answered.count(True) == QUIET
    assert answered[: 2 * COMMIT].count(True) == QUIET, "their answers are in the first commit that could hold them"

    await house.webhooks.apply_pending()
    short = share(200, QUIET + 1)
    for principal, _ in others:
        assert await count(house, principal.organisation_id, "stripe_events where applied is not null") == 1
    assert await count(house, loud.organisation_id, "stripe_events where applied is not null") == short

    async with house.database.tenant(loud.organisation_id) as tx:
        happened = [("stripe:event:customer.updated", _told(number)) for number in range(STORM)]
        await events.record_all(tx, loud.organisation_id, happened, clock.now())
    await relay.step()
    for principal, _ in others:
        assert await count(house, principal.organisation_id, "workflow_runs") == 1
    assert await count(house, loud.organisation_id, "workflow_runs") == short

    async with house.database.tenant(loud.organisation_id) as tx:
        await tx.execute(AGAIN, (STORM // short,))
    queue = Queue()
    while await house.automation.hand_over(queue):
        pass
    handed = Counter(queue.given)
    assert handed.pop(loud.organisation_id) == IN_HAND, "more of its runs are not in anybody's hands"
    assert handed == dict.fromkeys([principal.organisation_id for principal, _ in others], 1)
    last = max(place for place, name in enumerate(queue.given) if name != loud.organisation_id)
    assert queue.given[: last + 1].count(loud.organisation_id) <= 1, "each one's first run is before anybody's second"


def _told(number: int) -> dict[str, Any]:
    return {
        "event_id": f"evt_{STORM + number}", "created": 1_800_000_000, "livemode": False, "account_id": "acct_1",
        "object_type": "customer", "object_id": f"cus_{number}", "cause": None,
    }  # fmt: skip
