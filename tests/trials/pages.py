"""Every page of the console that shows the mirror, at a million objects: how long the server takes, and why.

python -m tests.trials.pages [OBJECTS]     # 1,000,000 if not said; exits 1 if a page is over 100 ms
With KEEP=folder the database stays there, and the next time nothing is seeded.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psycopg
from starlette.applications import Starlette

from tests.conftest import bring_up_to_date
from tests.doors.console.conftest import EMAIL, PASSWORD, Person
from tests.sandbox.conftest import Sandbox, serve_world
from tillwright.domains.mirror.library.service import Asked
from tillwright.domains.tenancy import Principal
from tillwright.doors import api, console
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import House, build
from tillwright_sandbox.world import make_world

LIMIT = 100.0  # milliseconds
TRIES = 9
SHARES = {
    "customer": 20,
    "payment_intent": 30,
    "charge": 25,
    "invoice": 15,
    "refund": 4,
    "subscription": 5,
    "coupon": 1,
}
"""Of a hundred objects."""

_PEOPLE = "{ada,grace,alan,edsger,barbara,donald,katherine,tim,radia,linus}"
_ROWS = f"""
insert into tillwright.mirror_objects (organisation_id, livemode, object, id, account_id, created, fetched_at, digest,
  customer, status, search, body)
select %(org)s, false, %(kind)s, id, 'acct_1', at, now(), '\\x00', customer, status,
  lower(id || coalesce(E'\\n' || mail, '') || E'\\n' || title), body || jsonb_build_object('id', id, 'object', %(kind)s,
  'created', extract(epoch from at)::bigint, 'livemode', false, 'customer', customer, 'status', status,
  'description', title, 'metadata', jsonb_build_object('order', n::text, 'note', repeat(md5(n::text), 12)))
from (
  select n, %(prefix)s || '_' || lpad(n::text, 9, '0') as id,
    now() - make_interval(secs => n * 31536000.0 / %(count)s) as at,
    case when %(kind)s not in ('customer', 'coupon') then 'cus_' || lpad((n %% %(customers)s + 1)::text, 9, '0') end
      as customer,
    case when %(kind)s in ('payment_intent', 'charge', 'refund') then (array['succeeded','succeeded','succeeded',
      'canceled'])[n %% 4 + 1] when %(kind)s = 'invoice' then (array['paid','open','draft','paid'])[n %% 4 + 1]
      when %(kind)s = 'subscription' then 'active' end as status,
    ('{_PEOPLE}'::text[])[n %% 10 + 1] || n || '@shop' || n %% 997 || '.example' as mail,
    initcap(('{_PEOPLE}'::text[])[n %% 10 + 1]) || ' number ' || n as title,
    jsonb_build_object('amount', n %% 90000 + 100, 'amount_due', n %% 90000 + 100, 'amount_refunded', 0,
      'currency', (array['eur','eur','usd','jpy'])[n %% 4 + 1], 'paid', true, 'number', 'INV-' || n,
      'name', initcap(('{_PEOPLE}'::text[])[n %% 10 + 1]) || ' number ' || n, 'percent_off', 10, 'duration', 'once',
      'email', ('{_PEOPLE}'::text[])[n %% 10 + 1] || n || '@shop' || n %% 997 || '.example',
      'receipt_email', ('{_PEOPLE}'::text[])[n %% 10 + 1] || n || '@shop' || n %% 997 || '.example',
      'payment_intent', 'pi_' || lpad(n::text, 9, '0'), 'payment_method_details', '{{"type":"card"}}'::jsonb) as body
  from generate_series(1, %(count)s) n) rows
"""
_EVENTS = """
insert into tillwright.stripe_events (organisation_id, id, livemode, account_id, type, created, received, object_type,
  object_id, raw, applied, outcome)
select %(org)s, 'evt_' || n, false, 'acct_1', (array['invoice.paid','charge.succeeded','customer.updated'])[n %% 3 + 1],
  now() - make_interval(secs => (%(count)s - n) * 7776000.0 / %(count)s),
  now() - make_interval(secs => (%(count)s - n) * 7776000.0 / %(count)s),
  (array['invoice','charge','customer'])[n %% 3 + 1],
  (array['in_','ch_','cus_'])[n %% 3 + 1] || lpad((n %% 100000 + 1)::text, 9, '0'),
  convert_to('{{"id":"evt_' || n || '","data":{{"object":{{}}}}}}', 'UTF8'), now(), 'WRITTEN'
from generate_series(1, %(count)s) n
"""
_PREFIXES = {
    "customer": "cus", "payment_intent": "pi", "charge": "ch", "invoice": "in", "refund": "re", "subscription": "sub",
    "coupon": "co",
}  # fmt: skip
PAGES = (
    "/", "/?days=365",
    "/customers", "/customers?q=ada4711", "/customers?q=ada", "/customers?q=example", "/customers/cus_000000042",
    "/payments", "/payments?q=grace77@", "/payments?q=12.34", "/payments?q=example", "/payments/pi_000000042",
    "/invoices", "/invoices?q=inv-4711", "/invoices/in_000000042", "/coupons", "/coupons?q=number+9",
    "/coupons/co_000000042", "/promotion-codes", "/events", "/events?q=invoice.*", "/events?q=cus_000000042",
    "/events?q=in_000000042",
    "/events?from=2026-10-01&to=2026-10-02",
    "/events/evt_42", "/health",
)  # fmt: skip
CALLS = (
    "/buyer?limit=100", "/buyer/query?q=(ilike+name+%22number+4711%22)", "/buyer/query?q=(ilike+name+%22ada%22)",
    "/buyer/query?q=(%3D+email+%22ada4710@shop722.example%22)", "/buyer/cus_000000042/wallet", "/invoice?limit=100",
    "/invoice?buyerId=cus_000000042", "/paymentTransaction?limit=100", "/paymentTransaction?buyerId=cus_000000042",
    "/stripeObject", "/stripeObject/charge?limit=100", "/stripeObject/customer?search=ada4711&limit=100",
    "/stripeObject/charge?q=(%3D+customer+%22cus_000000042%22)&limit=100",
)  # fmt: skip


async def main(objects: int) -> int:
    kept = os.environ.get("KEEP")
    folder = Path(kept or tempfile.mkdtemp(prefix="tillwright-pages-"))
    seeded = (folder / "pg").exists()
    server = EmbeddedServer(folder / "pg")
    worlds = serve_world(make_world())
    sandbox = next(worlds)
    try:
        owner = Secret(server.url)
        bring_up_to_date(owner)
        settings = read({"TILLWRIGHT_DATA": str(folder), "TILLWRIGHT_DATABASE_URL": owner.reveal(),
                         "TILLWRIGHT_STRIPE_API_BASE": sandbox.url})  # fmt: skip
        async with Database(owner) as database:
            house = build(settings, database, SystemClock())
            principal = await _organisation(house, sandbox, owner, None if seeded else objects)
            _, key = await house.tenancy.create_api_client(principal, f"Trial {time.time()}", "ADMIN")
            await house.mirror.charting.step()  # as the worker does, once an hour
            app = Starlette(routes=[*api.routes(house), *console.routes(house)])
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=120) as client:
                await Person(client, house, principal).sign_in()
                slow = [await timed(client, path) for path in PAGES]
                auth = {"Authorization": f"Key {key.reveal()}"}
                base = f"/org/{principal.organisation_id}"
                slow += [await timed(client, base + call, auth, call) for call in CALLS]
            before, began, size = peak(), time.perf_counter(), 0
            async for piece in await house.library.export(principal, "charge", "csv", Asked()):
                size += len(piece)
            print(f"export of {objects // 4:,} charges: {size / 1e6:.0f} MB in {time.perf_counter() - began:.1f} s, "
                  f"memory grew by {peak() - before:.1f} MB")  # fmt: skip
            await house.reader.close()
            await house.writer.close()
        return int(any(slow))
    finally:
        next(worlds, None)
        server.stop()
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


async def _organisation(house: House, sandbox: Sandbox, owner: Secret, objects: int | None) -> Principal:
    """The one with the objects; made and seeded unless `objects` is None."""
    if objects is None:
        session = await house.tenancy.session((await house.tenancy.sign_in(EMAIL, PASSWORD, agent="trial")).reveal())
        assert session
        return session.principal
    principal = await house.tenancy.create_organisation("Northwind", EMAIL, PASSWORD, person="Ada")
    await house.integrations.connect(
        principal, publishable_key=sandbox.publishable_key, secret_key=Secret(sandbox.restricted_key)
    )
    seed(owner, principal.organisation_id, objects)
    return principal


def seed(owner: Secret, organisation: str, objects: int) -> None:
    """One organisation's objects of seven types, its counts and its events, as if they had been mirrored."""
    began = time.perf_counter()
    with psycopg.connect(owner.reveal(), autocommit=True) as connection:
        for kind, share in SHARES.items():
            count = objects * share // 100
            values = {"org": organisation, "kind": kind, "prefix": _PREFIXES[kind], "count": count,
                      "customers": objects * SHARES["customer"] // 100}  # fmt: skip
            connection.execute(_ROWS, values)  # type: ignore[arg-type]
            connection.execute(
                "insert into tillwright.mirror_counts values (%s, false, %s, %s, 0, now())", (organisation, kind, count)
            )
        connection.execute(_EVENTS.replace("{{", "{").replace("}}", "}"), {"org": organisation, "count": objects // 5})  # type: ignore[arg-type]
        connection.execute("vacuum analyze")
    print(f"{objects:,} objects and {objects // 5:,} events in {time.perf_counter() - began:.0f} s", flush=True)


async def timed(
    client: httpx.AsyncClient, path: str, headers: dict[str, str] | None = None, name: str | None = None
) -> bool:
    """Print the median of some tries after one to warm up; whether it is over the limit."""
    took: list[float] = []
    status = 0
    for _ in range(TRIES + 1):
        began = time.perf_counter()
        status = (await client.get(path, headers=headers)).status_code
        took.append((time.perf_counter() - began) * 1000)
        if took[-1] > 5000:
            break
    middle = statistics.median(took[1:] or took)
    over = middle > LIMIT
    print(f"{'SLOW' if over else 'ok':4} {middle:8.1f} ms  {status}  {name or path}", flush=True)
    return over


def peak() -> float:
    """Megabytes this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    numbers = [int(word.replace(",", "")) for word in sys.argv[1:]]
    sys.exit(asyncio.run(main(numbers[0] if numbers else 1_000_000)))
