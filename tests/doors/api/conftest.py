"""The webhook address over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from tests.domains.webhooks.conftest import nowhere, sender
from tillwright.domains.webhooks import Webhooks
from tillwright.doors.api import intake

__all__ = ["nowhere", "sender"]


@asynccontextmanager
async def serving(webhooks: Webhooks, port: int = 0) -> AsyncIterator[str]:
    """uvicorn in this loop, on a free port unless one is given; its address."""
    app = intake.IntakeFirst(webhooks, Starlette())
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the server did not start"
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
