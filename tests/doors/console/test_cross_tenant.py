"""Every route of the console that names a thing × another organisation's thing: 404, and nothing is told or changed.

The routes are read from the console's own table, so a new page is met as soon as it is there. What a route's id may
be is found by asking as the owner; a route that is only posted to takes the id of the page it stands under, or `ROWS`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette

from tests.domains.tenancy.conftest import PASSWORD
from tests.doors.api.test_cross_tenant import everything
from tests.doors.console.conftest import Person, csrf_of
from tests.doors.owned import Owned, ids_of, own
from tests.sandbox.conftest import Sandbox
from tests.serving import serving
from tillwright.doors import console
from tillwright.doors.console.app import PAGES
from tillwright.wiring import House

# What a parameter may be when it names no row, but a word of the product's: the same for every organisation.
WORDS = {"scope", "kind", "object", "type"}
WORD_ROUTES = {"/workflows/templates/{name}"}
# The table whose ids a route takes, and how they begin, by the route's path up to the id. One that is missing here is
# looked for among everything the owner has.
ROWS = {
    "/approvals/{id}": ("approvals", ""),
    "/assistant/access/{id}": ("assistant_grants", ""),
    "/assistant/chat/{id}": ("assistant_conversations", ""),
    "/contacts/{id}": ("contacts", "con"),
    "/coupons/{id}": ("mirror_objects", ""),
    "/customers/{id}": ("mirror_objects", "cus_"),
    "/entitlements/{id}": ("entitlements", ""),
    "/entitlements/purchases/{id}": ("purchase_terms", ""),
    "/events/{id}": ("stripe_events", "evt_"),
    "/integrations/stripe/reports/{id}": ("verifications", ""),
    "/invoices/{id}": ("mirror_objects", "in_"),
    "/mails/{id}": ("notification_messages", ""),
    "/notifications/{id}": ("notices", ""),
    "/payments/{id}": ("mirror_objects", "pi_"),
    "/runs/{id}": ("workflow_runs", "run_"),
    "/settings/api-keys/{id}": ("api_clients", ""),
    "/settings/receipts/{id}": ("removals", ""),
    "/settings/secrets/{name}": ("credentials", ""),
    "/settings/sessions/{id}": ("sessions", ""),
    "/settings/user-integrations/{id}": ("connections", ""),
    "/settings/users/invitations/{id}": ("invitations", ""),
    "/settings/users/{id}": ("memberships", "usr"),
    "/workflows/{id}": ("workflows", ""),
}
MOST_GUESSES = 100
ROUTES = sorted(
    {
        (method, path.replace(":path", ""))
        for module in PAGES
        for method, path, _ in module.PAGES
        if set(re.findall(r"{(\w+)", path)) - WORDS and path not in WORD_ROUTES
    }
)


@dataclass
class Meeting:
    """Two administrators at one console."""

    victim: Owned
    owner: Person
    stranger: Person


async def more(owned: Owned) -> None:
    """What only pages show: a talk, an event, a page of what happened, the receipt of a mail server that was left."""
    house, organisation = owned.house, owned.organisation_id
    await house.chat.begin(owned.principal, "How are we doing?", via="organisation")
    async with house.database.tenant(organisation) as tx:
        await tx.execute(
            "insert into stripe_events (organisation_id, id, livemode, type, created, received, raw) "
            "values (%s, 'evt_1', false, 'customer.created', now(), now(), %s)",
            (organisation, b'{"id": "evt_1", "object": "event", "data": {"object": {}}}'),
        )
    server = {"host": "8.8.8.8", "port": 587, "tls": "starttls", "user": "", "sender": "Shop <shop@example.com>"}
    await house.mail_servers.connect(owned.principal, server, None)
    await house.removal.delete_integration(owned.principal, "EMAIL", "SMTP")


@pytest.fixture
async def met(house: House, stripe_sandbox: Sandbox) -> AsyncIterator[Meeting]:
    victim = await own(house, stripe_sandbox, "Northwind")
    await more(victim)
    other = await own(house, stripe_sandbox, "Southwind", seeds=False)
    async with AsyncExitStack() as stack:
        people: list[Person] = []
        for each in (victim, other):
            client = await stack.enter_async_context(serving(Starlette(routes=list(console.routes(house)))))
            people.append(Person(client, house, each.principal))
            assert (await people[-1].sign_in(each.email, PASSWORD)).status_code == 303
        yield Meeting(victim, *people)


def stem(path: str) -> str:
    """The part of a path up to the thing it names."""
    return path[: path.index("}") + 1]


async def found(met: Meeting) -> Mapping[str, str]:
    """By the stem of each route, an id with which its owner is shown something."""
    guesses = await ids_of(met.victim)
    everything_known = list(dict.fromkeys(value for values in guesses.values() for value in values))
    reads = {stem(path): path for method, path in reversed(ROUTES) if method == "GET"}
    right: dict[str, str] = {}
    for at in sorted({stem(path) for _, path in ROUTES}):
        table, begins = ROWS.get(at, ("", ""))
        mine = [value for value in guesses.get(table, everything_known) if value.startswith(begins)]
        for value in mine[:MOST_GUESSES]:
            # A page shows it to its owner; what is only posted to is not tried on them: it would be done.
            seen = at not in reads or (await met.owner.see(re.sub(r"{\w+}", value, reads[at]))).status_code == 200
            if seen and "/" not in value and (at in reads or table):
                right[at] = value
                break
    return right


async def test_another_organisations_thing_is_nobodys(met: Meeting) -> None:
    right = await found(met)
    silent = sorted({stem(path) for _, path in ROUTES} - right.keys())
    assert not silent, (
        "nothing answers these routes for their owner, so nothing would be proven of them; "
        f"make one in tests/doors/owned.py, or name its table in ROWS: {silent}"
    )
    token = csrf_of((await met.stranger.see("/")).text)
    before, wrong = await everything(met.victim), list[str]()
    told = (met.victim.email, met.victim.principal.name, met.victim.sandbox.account)
    for method, path in ROUTES:
        at = re.sub(r"{\w+}", right[stem(path)], path)
        if method == "GET":
            answer = await met.stranger.see(at)
        else:
            answer = await met.stranger.client.post(at, data={"csrf": token, **FIELDS})
        if answer.status_code != 404 or any(word in answer.text for word in told):
            wrong.append(f"{method} {at}: {answer.status_code} {answer.headers.get('location', '')}")
    print(f"{len(ROUTES)} routes, {len(right)} things")
    assert not wrong, "\n".join(wrong)
    assert await everything(met.victim) == before


# Whatever a form of these routes asks for, filled in: it is the id that must be refused, not a field left out.
FIELDS = {
    "role": "VIEWER",
    "answer": "approve",
    "decision": "approve",
    "text": "Hello",
    "name": "Another name",
    "type": "Immediate",
    "days": "20",
    "version": "1",
    "state": "DONE",
    "outcome": "done",
    "note": "x",
    "inputs": "{}",
    "from": "2027-01-01",
    "confirm": "Southwind",
}
