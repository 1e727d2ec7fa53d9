"""A worker's part in notices as a process: relay, outbox, the one mail a day; on a time that a table tells."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg

from tillwright.domains.notifications.notices.service import CONSUMER
from tillwright.domains.notifications.room import build
from tillwright.domains.tenancy import Tenancy
from tillwright.doors.worker import Relay
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright.gateways.outgoing import Outgoing
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent, Upstream
from tillwright.kit.seal import MasterKey, Seal, Secret

KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY"


async def no_copy(tx: Tx, kind: str, object_id: str, livemode: bool) -> Mapping[str, Any]:
    raise Absent("mirror_object_absent", "None.")


async def no_buyer(tx: Tx, buyer_id: str) -> bool:
    return False


async def main(url: str, port: int) -> None:
    clock = ManualClock(datetime(2027, 1, 1, tzinfo=UTC))
    async with Database(Secret(url), size=3) as database:
        room = build(
            clock=clock,
            database=database,
            seal=Seal([MasterKey(Secret(KEY))]),
            mailer=SmtpMailer("127.0.0.1", port, sender="Northwind <b@northwind.example>", deadline=15),
            outgoing=Outgoing(clock=clock, opened=[]),
            copies=no_copy,
            knows_buyer=no_buyer,
            people=Tenancy(clock=clock, database=database).addresses_of,
            public_url="https://tillwright.example.com",
        )
        relay = Relay(database, CONSUMER, room.notices.react, batch=2)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            print("ready", flush=True)
            while True:
                row = await (await connection.execute("select at from public.virtual_time")).fetchone()
                assert row is not None
                clock.move((row[0] - clock.now()).total_seconds())
                try:
                    found = await relay.step() + await room.outbox.deliver_due(2) + await room.notices.digest_step()
                except Upstream:
                    found = 0
                await asyncio.sleep(0 if found else 0.02)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
