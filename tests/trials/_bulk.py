"""A live account of one long list and a process that reads it into a database of its own: for trials."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tillwright.domains.mirror import Mirror
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.limits import SharedLimits
from tillwright.gateways.stripe.live import LiveReader
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret
from tillwright.wiring import bring_up_to_date

ORGANISATION = "org_trial"
ACCESS = Access(ORGANISATION, Secret("sk_live_trial"), True, "acct_bulk")


class OneKey:
    async def access(self, organisation_id: str, *, livemode: bool | None = None, why: str = "") -> Access:
        return ACCESS


@contextlib.contextmanager
def stripe(*options: str, livemode: bool = True) -> Iterator[str]:
    """The address of a Stripe that only lists, under the limits of its mode."""
    mode = ["--live"] if livemode else []
    command = [sys.executable, "-m", "tillwright_sandbox.bulk", *mode, *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[1]
    finally:
        server.terminate()
        server.wait(10)


def told(url: str) -> dict[str, Any]:
    """How many requests it answered (`gets`) and refused, and how many objects it gave."""
    return httpx.get(f"{url}/_bulk").json()


def prepare(owner: str, folder: Path) -> Secret:
    """A fresh database with the organisation in it; its address."""
    name = f"trial_{folder.name}".replace("-", "_").lower()
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')  # type: ignore[arg-type]
    address = owner.replace("/postgres?", f"/{name}?")
    bring_up_to_date(Secret(address))
    with psycopg.connect(address, options="-c search_path=tillwright") as connection:
        connection.execute("insert into organisations values (%s, 'Trial', 'UTC', now())", (ORGANISATION,))
    return Secret(address)


@contextlib.asynccontextmanager
async def mirror(database: Database, url: str) -> AsyncIterator[Mirror]:
    clock = SystemClock()
    reader = LiveReader(url, limits=SharedLimits(database, clock), clock=clock)
    try:
        yield Mirror(clock=clock, database=database, keys=OneKey(), reader=reader)
    finally:
        await reader.close()
