"""A web process with the webhook address alone: `python intake_process.py DATABASE_URL MASTER_KEY`.

Prints its port, then serves. It asks Stripe nothing, so it starts without what speaks to Stripe: in a moment.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette

from tillwright.domains.webhooks import Webhooks
from tillwright.doors.api import intake
from tillwright.gateways.database import Database
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import MasterKey, Seal, Secret


async def main(url: str, master_key: str) -> None:
    nobody: Any = None
    async with Database(Secret(url)) as database:
        webhooks = Webhooks(
            clock=SystemClock(), database=database, integrations=nobody, mirror=nobody, reader=nobody, writer=nobody,
            seal=Seal([MasterKey(Secret(master_key))]), public_url="",
        )  # fmt: skip
        app = intake.IntakeFirst(webhooks, Starlette())
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", access_log=False))
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await task
        await webhooks.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
