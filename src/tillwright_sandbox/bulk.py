"""A Stripe that only lists, and fast: pages of objects rendered beforehand, with latency and Stripe's rate limits.

    python -m tillwright_sandbox.bulk --objects 100000 --lists charges,customers --latency 0.1

For benchmarks: no state, no events. One process serves several times the 10,000 objects a second that an account's
limits allow; `bench/backfill.py` measures it in each run, with a client that only reads. It prints `ready http://…`;
the lists that are not named are empty. GET /_bulk says how many requests it answered and refused,
and its seconds of CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import parse_qsl, unquote

import orjson
import uvloop

from .errors import StripeError
from .limits import Limits
from .operations import match

NEWEST = 1_790_000_000
STEP = 37  # seconds between two objects
PREFIXES = {"charges": "ch", "customers": "cus", "payment_intents": "pi", "invoices": "in", "refunds": "re"}
OBJECTS = {"charges": "charge", "customers": "customer", "payment_intents": "payment_intent", "invoices": "invoice",
           "refunds": "refund"}  # fmt: skip


class List:
    """The objects of one list, newest first, as one text of rows of equal length: a page is a slice of it."""

    def __init__(self, name: str, size: int, livemode: bool) -> None:
        self.size, self.oldest = size, NEWEST - (size - 1) * STEP
        made = _row(name, livemode)
        self.rows = memoryview(b",".join(made(number, self.oldest + number * STEP) for number in reversed(range(size))))
        self.slot = (len(self.rows) + 1) // size
        self.head = b'{"object":"list","url":"/v1/%s","has_more":' % name.encode()

    def page(self, params: dict[str, str]) -> tuple[bytes, memoryview, int]:
        """What comes before the rows, the rows, and how many they are; `]}` is to follow."""
        length = max(1, min(100, int(params.get("limit", "10"))))
        low, high = 0, self.size
        for name, number in (("gte", 0), ("gt", 1)):
            if (given := params.get(f"created[{name}]")) is not None:
                low = max(low, self._from(int(given) + number))
        for name, number in (("lte", 1), ("lt", 0)):
            if (given := params.get(f"created[{name}]")) is not None:
                high = min(high, self._from(int(given) + number))
        if after := params.get("starting_after"):
            high = min(high, int(after.rpartition("_")[2]))
        first = max(low, high - length)
        more = b"true" if first > low else b"false"
        begins, ends = (self.size - high) * self.slot, (self.size - first) * self.slot - 1
        return self.head + more + b',"data":[', self.rows[begins : max(begins, ends)], max(0, high - first)

    def _from(self, created: int) -> int:
        """The number of the oldest object that was made then or later."""
        return max(0, min(self.size, -((self.oldest - created) // STEP)))


def _row(name: str, livemode: bool) -> Callable[[int, int], bytes]:
    """Makes an object of about 1.2 kB, the size of a charge; each is as long as the next."""
    text = orjson.dumps(
        {
            "id": f"{PREFIXES[name]}_%(number)012d", "object": OBJECTS[name], "created": 0, "livemode": livemode,
            "amount": 1, "currency": "usd", "customer": "cus_%(customer)012d", "description": "Order %(number)09d",
            "status": "succeeded", "name": "Person %(number)09d", "email": "person%(number)09d@example.com",
            "balance": 0, "delinquent": False, "default_source": None,
            "metadata": {f"key_{key}": f"%({key})032x" for key in range(16)},
            "billing_details": {"address": {"city": None, "country": "US", "line1": None, "postal_code": "94107"}},
        }
    ).decode()  # fmt: skip
    template = text.replace('"created":0', '"created":%(created)010d').replace('"amount":1', '"amount":%(amount)d')

    def made(number: int, created: int) -> bytes:
        values = {str(key): number * 7919 + key for key in range(16)}
        values |= {"number": number, "created": created, "amount": 1000 + number % 9000, "customer": number % 5000}
        return (template % values).encode()

    return made


class Bulk:
    """What the connections share."""

    def __init__(self, lists: dict[str, List], latency: float, limits: Limits, account: bytes) -> None:
        self.lists, self.latency, self.limits, self.account = lists, latency, limits, account
        self.gets = self.objects = self.refused = 0
        self.began = time.process_time()

    def answer(self, path: str, query: str, livemode: bool) -> tuple[int, list[bytes | memoryview]]:
        if path == "/_bulk":
            told = {
                "gets": self.gets,
                "objects": self.objects,
                "refused": self.refused,
                "cpu": time.process_time() - self.began,
            }
            return 200, [orjson.dumps(told)]
        try:
            self.limits.check("acct_bulk", livemode, _operation(path))
        except StripeError as error:
            self.refused += 1
            return 429, [orjson.dumps({"error": {"type": error.type, "code": error.code, "message": error.message}})]
        self.gets += 1
        held = self.lists.get(path.removeprefix("/v1/"))
        if held is not None:
            head, rows, count = held.page({unquote(name): value for name, value in parse_qsl(query)})
            self.objects += count
            return 200, [head, rows, b"]}"]
        if path in ("/v1/account", "/v1/accounts/acct_bulk"):
            return 200, [self.account]
        return 200, [b'{"object":"list","data":[],"has_more":false,"url":"%s"}' % path.encode()]


@functools.cache
def _operation(path: str) -> str:
    found = match("GET", path.removeprefix("/").split("/"))
    return found[0].id if found else path


class Connection(asyncio.Protocol):
    """Keep-alive HTTP/1.1, GET only; answers come in the order of the requests, each after the latency."""

    def __init__(self, bulk: Bulk) -> None:
        self.bulk, self.held = bulk, b""
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own class is none of asyncio's

    def data_received(self, data: bytes) -> None:
        self.held += data
        while b"\r\n\r\n" in self.held:
            head, _, self.held = self.held.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode()
            path, _, query = target.partition("?")
            status, body = self.bulk.answer(path, query, b"k_live_" in head)
            text = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\nrequest-id: req_bulk\r\n" % status
            if status == 429:
                text += b"stripe-should-retry: true\r\nretry-after: 1\r\n"
            text += b"content-length: %d\r\n\r\n" % sum(map(len, body))
            delay = 0.0 if path == "/_bulk" else self.bulk.latency
            self.loop.call_later(delay, self._send, [text, *body])

    def _send(self, answer: list[bytes | memoryview]) -> None:
        if not self.transport.is_closing():
            self.transport.writelines(answer)


async def serve(bulk: Bulk, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(bulk), "127.0.0.1", port)
    print(f"ready http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--objects", type=int, default=100_000, help="in each list")
    arguments.add_argument("--lists", default="charges")
    arguments.add_argument("--latency", type=float, default=0.1)
    arguments.add_argument("--no-limits", action="store_true")
    arguments.add_argument("--live", action="store_true", help="objects of live mode")
    arguments.add_argument("--port", type=int, default=0)
    given = arguments.parse_args()
    limits = Limits(time.monotonic)
    limits.enabled = not given.no_limits
    account = orjson.dumps(
        {"id": "acct_bulk", "object": "account", "country": "US", "default_currency": "usd",
         "settings": {"dashboard": {"display_name": "Bulk", "timezone": "Etc/UTC"}}}
    )  # fmt: skip
    lists = {name: List(name, given.objects, given.live) for name in given.lists.split(",")}
    uvloop.run(serve(Bulk(lists, given.latency, limits, account), given.port))


if __name__ == "__main__":
    main()
