"""A sandbox over real HTTP beside the bench, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

import uvicorn

from tillwright_sandbox.app import create_app
from tillwright_sandbox.world import World


@contextlib.asynccontextmanager
async def serving(world: World) -> AsyncIterator[str]:
    """Its address."""
    server = uvicorn.Server(uvicorn.Config(create_app(world), port=0, log_level="warning"))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:  # noqa: ASYNC110 - another thread's server has no event of this loop
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join, 10)
