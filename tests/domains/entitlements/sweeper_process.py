"""A worker's sweep as a process of its own, on a time that a table tells, so that two of them share one clock."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any, cast

import psycopg

from tillwright.domains.entitlements import Entitlements
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Tenancy
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Upstream
from tillwright.kit.seal import Secret

NOBODY = cast(Any, None)  # a sweep calls neither Stripe nor billing


async def main(url: str) -> None:
    clock = ManualClock(datetime(2027, 1, 1, tzinfo=UTC))
    async with Database(Secret(url), size=3) as database:
        ports = {"clock": clock, "database": database}
        integrations = Integrations(credentials=NOBODY, reader=NOBODY, writer=NOBODY, **ports)
        entitlements = Entitlements(
            integrations=integrations, tenancy=Tenancy(**ports), effects=NOBODY,
            mirror=Mirror(keys=integrations, reader=NOBODY, **ports), **ports,
        )  # fmt: skip
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            print("ready", flush=True)
            while True:
                row = await (await connection.execute("select at from public.virtual_time")).fetchone()
                assert row is not None
                clock.move((row[0] - clock.now()).total_seconds())
                try:
                    found = await entitlements.sweep_step(limit=3)
                except Upstream:
                    found = 0
                await asyncio.sleep(0 if found else 0.02)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
