"""Every tool over MCP × another organisation's ids: answered word for word as ids that nobody has.

The tools are read from the catalogue, so a new one is met as soon as it is there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.conftest import UNHURRIED
from tests.doors.owned import Owned, own
from tests.journeys.plant import free_port
from tests.sandbox.conftest import Sandbox
from tests.serving import serving
from tillwright.domains.assistant import grants
from tillwright.domains.assistant.catalogue import catalogue
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.main import web
from tillwright.settings import WebSettings
from tillwright.wiring import House, build

# Of each kind that has ids one of the victim's is tried, beside words that only the victim's objects hold.
GIVEN: dict[str, Any] = {"date": "2027-01-01", "integer": 5, "currency": "usd", "time_zone": "UTC", "flag": True}


def _web(port: int) -> WebSettings:
    return WebSettings("127.0.0.1", port, f"http://127.0.0.1:{port}")


async def access(owned: Owned, via: str) -> str:
    """A token as an assistant would hold it, that the organisation's administrator gave."""
    house, program = owned.house, f"bot_{owned.organisation_id}"
    await house.grants.register(grants.Program(program, "Bot", Secret("{}")))
    asked = grants.Asked(program, "Bot", "http://127.0.0.1:9/", True, "c" * 43, house.grants.resource, "s")
    back = await house.grants.give(owned.principal, (await house.grants.ask(asked)).reveal(), via)
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    grant = await house.grants.of_code(code, program)
    assert grant is not None
    tokens = await house.grants.hand_out(grant, code)
    assert tokens is not None
    return tokens.access.reveal()


async def call(client: httpx.AsyncClient, token: str, tool: str, arguments: dict[str, Any]) -> str:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    answer = await client.post("/mcp", json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


async def mirrored(owned: Owned) -> dict[str, str]:
    """The newest id of each kind that the organisation has."""
    async with owned.house.database.tenant(owned.organisation_id) as tx:
        rows = await (await tx.execute("select object, max(id) as id from mirror_objects group by object")).fetchall()
    return {row["object"]: row["id"] for row in rows}


async def test_another_organisations_ids_are_nobodys(
    house: House, database: Database, clock: ManualClock, stripe_sandbox: Sandbox
) -> None:
    port = free_port()
    house = build(replace(house.settings, web=_web(port)), database, clock, UNHURRIED)
    victim = await own(house, stripe_sandbox, "Northwind")
    stranger = await own(house, stripe_sandbox, "Southwind", seeds=False)
    # The stranger reads an account of its own, so that a refusal is one of the id and not of everything.
    await house.integrations.connect(
        stranger.principal, publishable_key="pk_test_sandbox_acme", secret_key=Secret("sk_test_sandbox_acme")
    )
    async with house.database.tenant(stranger.organisation_id) as tx:
        await house.mirror.start_backfill(tx, stranger.organisation_id, livemode=False)
    while await house.mirror.backfill_step():
        pass
    theirs = await mirrored(victim)
    assert {"customer", "invoice", "payment_intent"} <= theirs.keys()
    token = await access(stranger, "organisation")
    asked, wrong = 0, list[str]()
    async with serving(web(house), port=port) as client:
        for tool in catalogue().values():
            base = {a.name: GIVEN.get(a.kind, "") for a in tool.arguments if a.required and a.kind != "id"}
            for argument in [a for a in tool.arguments if a.kind in ("id", "text")]:
                for kind, id_ in theirs.items():
                    nobody = id_[:-6] + "Nobody"
                    answers = [
                        (await call(client, token, tool.name, base | {argument.name: value})).replace(value, "…")
                        for value in (id_, nobody)
                    ]
                    asked += 2
                    if answers[0] != answers[1]:
                        wrong.append(f"{tool.name} {argument.name}={kind}: {answers[0][:300]} != {answers[1][:300]}")
            if not any(a.kind == "id" and a.required for a in tool.arguments):
                answer = await call(client, token, tool.name, base)
                wrong += [f"{tool.name}: tells of {id_}" for id_ in theirs.values() if id_ in answer]
        # Seen to fail: the owner's own assistant is told of the same ids.
        mine = await access(victim, "organisation")
        seen = await call(client, mine, "customer_story", {"customer": theirs["customer"]})
        assert seen.replace(theirs["customer"], "…") != (
            await call(client, token, "customer_story", {"customer": theirs["customer"]})
        ).replace(theirs["customer"], "…")
        assert theirs["customer"] in await call(client, mine, "find_customers", {})
    await house.reader.close()
    await house.writer.close()
    print(f"{len(catalogue())} tools, {asked} calls")
    assert not wrong, "\n".join(wrong)
