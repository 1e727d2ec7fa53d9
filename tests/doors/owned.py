"""An organisation that has something of everything, for the tests that ask who may see it.

`SEEDS` is the table: a new kind of thing gets a function that makes one, by the product's own verbs.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import orjson
from psycopg import sql

from tests.domains.automation.stage import unpaid_invoice
from tests.domains.tenancy.conftest import PASSWORD
from tests.sandbox.conftest import Sandbox
from tillwright.domains import events
from tillwright.domains.assistant.grants import model as grants
from tillwright.domains.automation import Automation, approval_store
from tillwright.domains.automation.model import Approval, ApprovalState
from tillwright.domains.billing import Asked
from tillwright.domains.billing.credits.service import Terms
from tillwright.domains.notifications.configuration.model import Change
from tillwright.domains.notifications.notices.service import CONSUMER
from tillwright.domains.notifications.optouts.service import Link
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks import envelope
from tillwright.domains.webhooks import store as stored_events
from tillwright.domains.webhooks.model import Arrival
from tillwright.kit import ids
from tillwright.kit.clock import to_unix
from tillwright.kit.seal import Secret
from tillwright.wiring import House
from tillwright_sandbox.world import ACME


@dataclass
class Owned:
    """The organisation of `name`, what it was given, and every way to act for it."""

    house: House
    sandbox: Sandbox
    principal: Principal
    email: str
    key: str
    client_id: str
    secrets: dict[str, str] = field(default_factory=dict)
    """Every secret it has, by what it is: what must be found nowhere."""

    @property
    def organisation_id(self) -> str:
        return self.principal.organisation_id


Seed = Callable[[Owned], Awaitable[None]]


async def own(house: House, sandbox: Sandbox, name: str = "Northwind", *, seeds: bool = True) -> Owned:
    """Make the organisation, with an administrator's key; `seeds` gives it one of everything."""
    email = f"{name.lower()}@example.com"
    principal = await house.tenancy.create_organisation(name, email, PASSWORD, person=f"Ada of {name}")
    client, key = await house.tenancy.create_api_client(principal, "Backend", "ADMIN")
    owned = Owned(house, sandbox, principal, email, key.reveal(), client.id, {"API key": key.reveal()})
    for seed in SEEDS if seeds else ():
        await seed(owned)
    return owned


async def _stripe(owned: Owned) -> None:
    invoice = unpaid_invoice(owned.sandbox)
    owned.sandbox.client.v1.payment_methods.attach("pm_card_visa", {"customer": str(invoice["customer"])})
    await owned.house.integrations.connect(
        owned.principal,
        publishable_key=owned.sandbox.publishable_key,
        secret_key=Secret(owned.sandbox.restricted_key),
    )
    owned.secrets["Stripe key"] = owned.sandbox.restricted_key
    await owned.house.verification.verify(owned.principal)
    await owned.house.webhooks.register(owned.organisation_id)
    async with owned.house.database.tenant(owned.organisation_id) as tx:
        await owned.house.mirror.start_backfill(tx, owned.organisation_id, livemode=False)
    while await owned.house.mirror.backfill_step():
        pass


async def _event(owned: Owned) -> None:
    """An event of Stripe's that came and was not applied yet."""
    at = owned.house.clock.now()
    body = {
        "id": f"evt_{owned.organisation_id}", "object": "event", "type": "novelty.made", "livemode": False,
        "created": to_unix(at), "data": {"object": {"id": "nov_1", "object": "novelty"}},
    }  # fmt: skip
    raw = orjson.dumps(body)
    arrival = Arrival(owned.organisation_id, owned.sandbox.account, envelope.read(raw), raw, at)
    async with owned.house.database.tenant(owned.organisation_id) as tx:
        await stored_events.insert(tx, owned.organisation_id, [arrival])


async def _people(owned: Owned) -> None:
    await owned.house.people.invite(owned.principal, "grace@example.com", "EDITOR")
    session = await owned.house.tenancy.sign_in(owned.email, PASSWORD, agent="Seeded")
    token, _ = await owned.house.tenancy.exchange_key(owned.organisation_id, owned.client_id, owned.key)
    owned.secrets |= {"session": session.reveal(), "access token": token.reveal(), "password": PASSWORD}


class _Nobody:
    """Takes runs and leaves them: they stay as they were handed over."""

    async def enqueue(self, run_id: str, payload: object) -> None:
        return None


async def _workflow(owned: Owned) -> None:
    automation: Automation = owned.house.automation
    await automation.save_example(owned.principal, "win_back_failed_payment", activate=True)
    invoice = owned.sandbox.objects.find("invoice")[0]
    data = {
        "event_id": "evt_seed",
        "created": 1_800_000_000,
        "livemode": False,
        "account_id": owned.sandbox.account,
        "object_type": "invoice",
        "object_id": invoice["id"],
    }
    async with owned.house.database.tenant(owned.organisation_id) as tx:
        await events.record(
            tx, owned.organisation_id, "stripe:event:invoice.payment_failed", data, owned.house.clock.now()
        )
    await events.hand_on(owned.house.database, owned.organisation_id, "automation", automation.match_event)
    await automation.hand_over(_Nobody())


async def _mail(owned: Owned) -> None:
    async with owned.house.database.tenant(owned.organisation_id) as tx:
        await owned.house.notifications.queue(
            tx, owned.organisation_id, key="seed", to="buyer@example.com", subject="Your coupon", text="Here it is."
        )


async def _effect(owned: Owned) -> None:
    await owned.house.effects.perform(
        owned.organisation_id,
        run_id="run_seed",
        step="coupon",
        method="POST",
        path="/v1/coupons",
        params={"percent_off": 10, "duration": "once"},
        livemode=False,
    )


async def _entitlement(owned: Owned) -> None:
    while await owned.house.entitlements.follow_step():
        pass
    customer = owned.sandbox.objects.find("customer")[0]
    price = owned.sandbox.client.v1.prices.create(
        {"currency": "usd", "unit_amount": 100, "product_data": {"name": "Training"}}
    )
    async with owned.house.database.tenant(owned.organisation_id) as tx:
        await owned.house.mirror.start_backfill(tx, owned.organisation_id, livemode=False, again=True)
    while await owned.house.mirror.backfill_step():
        pass
    await owned.house.entitlements.create(
        owned.principal, buyer_id=customer["id"], price_id=price.id, product_id=None, name="", start=None, end=None
    )
    await owned.house.entitlements.purchase_terms.put(owned.principal, object_id=price.id, term="P1Y")


async def _notices(owned: Owned) -> None:
    room, organisation = owned.house.notices, owned.organisation_id
    (contact,) = await room.contacts.create(owned.principal, [{"name": "Finance", "email": "finance@example.com"}])
    customer = owned.sandbox.objects.find("customer")[0]
    await room.contacts.link(owned.principal, contact.id, customer["id"])
    await room.channels.put(owned.principal, "WEBHOOK", url=Secret("https://hooks.example/in"))
    change = Change(scopes={"UPDATE.INTEGRATION": {"to": [contact.id], "digest": True}}, settings={"digest_hour": 9})
    await room.configurations.change(owned.principal, change)
    while await events.hand_on(owned.house.database, organisation, CONSUMER, room.notices.react):
        pass
    await room.opt_outs.leave(Link(organisation, "UPDATE.INTEGRATION", "gone@example.com"))


async def _credit(owned: Owned) -> None:
    customer = owned.sandbox.objects.find("customer")[0]
    terms = Terms(currency="usd", total=Decimal(5))
    await owned.house.credits.create(Asked(owned.principal, "wallet:create"), customer["id"], terms)


async def _approval(owned: Owned) -> None:
    """A question that is open, on a run that was started by hand."""
    source = "name: by_hand\ntrigger: {manual: {}}\nsteps: [{id: ok, approval: {ask: 'Go on?'}}]\n"
    await owned.house.automation.save(owned.principal, source, activate=True)
    run = await owned.house.automation.steering.start(owned.principal, "by_hand")
    asked = Approval(
        owned.organisation_id, ids.new("apr"), run.id, run.workflow_id, run.workflow_name, "ok", 1, "0" * 64,
        {"kind": "question"}, "Go on?", None, None, "EDITOR", False, ApprovalState.PENDING,
        run.created + timedelta(days=3), run.created, None, None, None,
    )  # fmt: skip
    async with owned.house.database.tenant(owned.organisation_id) as tx:
        await approval_store.add(tx, asked)


async def _hook(owned: Owned) -> None:
    """A workflow that is called from outside, paused, with a delivery kept."""
    source = "name: hooked\ntrigger: webhook\nsteps: [{id: s, stop: Called.}]\n"
    saved = await owned.house.automation.save(owned.principal, source)
    _, secret = await owned.house.automation.hooks.open(owned.principal, saved.id)
    owned.secrets["webhook secret"] = secret.reveal()
    body = b'{"n": 1}'
    headers = signed(secret.reveal(), "msg_seed", to_unix(owned.house.clock.now()), body)
    await owned.house.automation.hooks.deliver(
        owned.organisation_id, saved.id, {name: [value.encode()] for name, value in headers.items()}, body
    )


def signed(secret: str, id: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of a delivery, by the Standard Webhooks scheme."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mark = base64.b64encode(hmac.digest(key, f"{id}.{at}.".encode() + body, "sha256")).decode()
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": f"v1,{mark}"}


async def link_own_account(owned: Owned) -> None:
    """The administrator's own Stripe account, linked."""
    house, world = owned.house, owned.sandbox.world
    integration = await house.integrations.get(owned.principal)
    client_id = world.connect.client_id(owned.sandbox.account, False)
    await house.integrations.update(
        owned.principal, expected_version=integration.version, settings={"connect_client_id": client_id}
    )
    address = await house.connections.begin(owned.principal, "ses_seed")
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    code = world.connect.authorise(owned.sandbox.account, ACME, False, "read_only")
    await house.connections.finish(owned.principal, "ses_seed", state=state, code=code)


async def own_account(owned: Owned) -> None:
    """A user's own account, linked, read once, and talked about by an assistant that was given access."""
    house = owned.house
    await link_own_account(owned)
    await house.assistant.ask(owned.principal, "find_customers", {}, via="connection", door="console")
    program = f"prg_{owned.organisation_id}"
    await house.grants.register(grants.Program(program, "Some assistant", Secret("{}")))
    asked = grants.Asked(program, "Some assistant", "http://127.0.0.1:9/", True, "c" * 43, house.grants.resource, "s")
    await house.grants.give(owned.principal, (await house.grants.ask(asked)).reveal(), "connection")


SEEDS: list[Seed] = [
    _stripe, _event, _people, _workflow, _mail, _effect, _entitlement, _notices, _credit, _approval, _hook, own_account,
]  # fmt: skip


async def tables_of(owned: Owned) -> list[str]:
    """Every table whose rows belong to an organisation."""
    async with owned.house.database.open() as tx:
        rows = await (
            await tx.execute(
                "select table_name from information_schema.columns where table_schema = 'tillwright' "
                "and column_name = 'organisation_id' and table_name in (select table_name from "
                "information_schema.tables where table_schema = 'tillwright' and table_type = 'BASE TABLE') order by 1"
            )
        ).fetchall()
    return [row["table_name"] for row in rows]


async def rows_of(owned: Owned, table: str, limit: int = 1000) -> list[dict]:
    """The organisation's rows of a table, as the application role sees them."""
    query = sql.SQL("select * from {} where organisation_id = %s limit %s").format(sql.Identifier("tillwright", table))
    async with owned.house.database.tenant(owned.organisation_id) as tx:
        return list(await (await tx.execute(query, (owned.organisation_id, limit))).fetchall())


async def ids_of(owned: Owned) -> dict[str, list[str]]:
    """What a caller might guess or have seen: ids, names and keys of its things, some of each table."""
    found: dict[str, list[str]] = {}
    for table in await tables_of(owned):
        seen: dict[str, dict[str, None]] = {}
        for row in await rows_of(owned, table, 300):
            kind = str(row.get("object") or row.get("object_type") or "")
            for column, value in row.items():
                named = column in ("id", "name", "step", "consumer", "partner", "purpose", "object", "user_id", "scope")
                if isinstance(value, str) and value and (named or column.endswith("_id")):
                    seen.setdefault(f"{column} {kind}", {})[value] = None
        found[table] = [value for values in seen.values() for value in list(values)[:2]]
    return found
