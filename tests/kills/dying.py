"""A process that forks one for each order, which does the work and is killed by `kill -9` at its numbered point.

The points: before and after each request to Stripe, each statement and each commit. Read from standard input, a line of
JSON each: {"work", "organisation", "at", "clock", …}; answered by a line: {"died", "passed"}. Forked, so that a kill
costs no start of Python; the parent holds neither threads nor connections.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson
import psycopg

from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.live import SdkExchange
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import House, build

Order = dict[str, Any]


class Points:
    """Counts, and at the wanted one the process is gone, as if somebody had pulled the plug."""

    def __init__(self, at: int) -> None:
        self.at, self.passed = at, 0
        for owner, name in (
            (SdkExchange, "__call__"),
            (psycopg.AsyncConnection, "execute"),
            (psycopg.AsyncConnection, "commit"),
        ):
            setattr(owner, name, self._around(getattr(owner, name)))

    def _around(self, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **options: Any) -> Any:
            self.point()
            answer = await real(*arguments, **options)
            self.point()
            return answer

        return call

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def _keys(order: Order) -> dict[str, Any]:
    return {"publishable_key": order["public"], "secret_key": Secret(order["secret"])}


async def connect(house: House, who: Principal, order: Order) -> None:
    """All that follows a person's click: the link, its proof, and the endpoint."""
    await house.integrations.connect(who, **_keys(order))
    await house.verification.verify(who)
    while await house.webhooks.registration_step():
        pass


async def rotate(house: House, who: Principal, order: Order) -> None:
    version = (await house.integrations.get(who)).version
    await house.rotation.rotate(who, expected_version=version, **_keys(order))


async def delete(house: House, who: Principal, order: Order) -> None:
    await house.removal.delete_integration(who)


async def switch(house: House, who: Principal, order: Order) -> None:
    """The switch, and the endpoints of both sides after it."""
    version = (await house.integrations.get(who)).version
    await house.environments.switch(who, expected_version=version, **_keys(order))
    while await house.webhooks.registration_step():
        pass


async def reseal(house: House, who: Principal, order: Order) -> None:
    await house.custody.rotate()


WORKS = {work.__name__: work for work in (connect, rotate, delete, switch, reseal)}


async def _work(order: Order) -> int:
    settings = read()
    assert settings.database.url is not None
    async with Database(settings.database.url, size=4) as database:
        house = build(settings, database, ManualClock(datetime.fromisoformat(order["clock"])))
        who = Principal(order["organisation"], "USER", order["user"], "Ada", "ADMIN", "Northwind")
        points = Points(order["at"])
        await WORKS[order["work"]](house, who, order)
        await house.reader.close()
        await house.writer.close()
        return points.passed


def _child(order: Order, out: int) -> None:
    try:
        os.write(out, b"%d" % asyncio.run(_work(order)))
    except BaseException as error:  # the parent tells the test
        os.write(out, repr(error).encode()[:4000])
    os._exit(0)


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin.buffer:
        order = orjson.loads(line)
        mine, out = os.pipe()
        child = os.fork()
        if child == 0:
            _child(order, out)
        os.close(out)
        with os.fdopen(mine, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        answer = {"died": died, "passed": int(said) if said.isdigit() else 0}
        if said and not said.isdigit():
            answer["error"] = said.decode()
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
