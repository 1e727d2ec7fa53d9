"""The composition root: which programs there are, and which doors the web process opens.

Each program's doors are loaded when it starts: a command that only asks something should not wait for a web server.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from tillwright.domains.notifications.notices import service as notices
from tillwright.doors import cli
from tillwright.kit import collector
from tillwright.kit.errors import TillwrightError
from tillwright.settings import Settings
from tillwright.wiring import House, open_house


def web(house: House) -> ASGIApp:
    """The web process's application: intake and API first, the console answers everything else."""
    from tillwright.doors import api, console, mcp
    from tillwright.doors.api.intake import IntakeFirst

    settings = house.settings

    async def health(_: Request) -> JSONResponse:
        try:
            async with house.database.open() as tx:
                await tx.execute("select 1")
        except TillwrightError as error:
            return JSONResponse({"status": error.code}, status_code=503)
        return JSONResponse({"status": "ok"})

    door = mcp.McpDoor(assistant=house.assistant, grants=house.grants, public_url=settings.web.public_url)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            async with door.running():
                yield
        finally:
            await house.webhooks.close()

    app = Starlette(
        routes=[
            Route("/healthz", health),
            *api.routes(house),
            *door.routes(),
            *console.routes(house, secure=settings.web.secure, mail_sink_url=settings.mail.sink_url),
        ],
        lifespan=lifespan,
    )
    return IntakeFirst(house.webhooks, app)


async def _serve(settings: Settings) -> None:
    import uvicorn

    async with open_house(settings, connections=20) as house:
        config = uvicorn.Config(
            web(house),
            host=settings.web.host,
            port=settings.web.port,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            access_log=False,
            timeout_graceful_shutdown=10,
        )
        server = uvicorn.Server(config)
        collector.settle()
        # uvicorn raises a stopping signal again once it has stopped; by then we are closing the house in order.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        print(f"Serving {settings.web.public_url}", flush=True)
        await server.serve()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish the requests in hand."""
    uvloop.run(_serve(settings))


async def _expire(house: House) -> int:
    return await house.webhooks.keeping.expire(await house.tenancy.organisation_ids())


async def _search(house: House) -> int:
    return await house.mirror.searching.step(await house.tenancy.organisation_ids())


async def _work(settings: Settings) -> int:
    from tillwright.doors import worker

    async with open_house(settings, connections=20) as house:
        made = worker.Worker(
            clock=house.clock,
            database=house.database,
            automation=house.automation,
            effects=house.effects,
            notifications=house.notifications,
            reactions=[(notices.CONSUMER, house.notices.notices.react)],
            more=[
                worker.Chore("removals", 1.0, house.removal.step),
                worker.Chore("deletion ledger", 60.0, house.removal.settle_ledger),
                worker.Chore("audit heads", 300.0, house.trail.anchor),
                worker.Chore("invitations", 2.0, house.people.deliver_due),
                worker.Chore("password resets", 1.0, house.resets.deliver_due),
                worker.Chore("digests", 5.0, house.notices.notices.digest_step),
                worker.Chore("events", 0.2, house.webhooks.apply_pending),
                worker.Chore("endpoints", 1.0, house.webhooks.registration_step),
                # Stripe tells nobody where it can't reach us.
                worker.Chore("poll", 2.0, house.webhooks.poll_step, idle=5.0),
                worker.Chore("old events", 3600.0, lambda: _expire(house)),
                worker.Chore("backfill", 1.0, house.mirror.backfill_step),
                worker.Chore("verify", 1.0, house.verification.step),
                worker.Chore("earlier keys", 60.0, house.integrations.shred_over),
                worker.Chore("refetch", 1.0, house.mirror.refetch_step),
                worker.Chore("proof", 1.0, house.mirror.proving.step),
                worker.Chore("drift", 30.0, house.mirror.proving.settle),
                worker.Chore("connections", 0.5, house.connections.step),
                worker.Chore("chat", 2.0, worker.Relay(house.database, "chat", house.chat.follow).step),
                worker.Chore("access", 0.5, worker.Relay(house.database, "assistant access", house.grants.follow).step),
                worker.Chore("entitlements", 0.5, house.entitlements.follow_step),
                worker.Chore(
                    "plans", 1.0, worker.Relay(house.database, "entitlements", house.entitlements.replan).step
                ),
                worker.Chore("days", 60.0, house.mirror.charting.step),
                worker.Chore("search", 60.0, lambda: _search(house), idle=600.0),
                worker.Chore("credit wallets", 5.0, house.credits.settling.step),
                worker.Chore("end soon", 1.0, house.entitlements.sweep_step),
            ],
        )
        collector.settle()
        return await worker.work(made, lambda: print("ready", flush=True))


def work(settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C, then hand back what is in hand."""
    sys.exit(uvloop.run(_work(settings)))


async def _speak(settings: Settings, choice: cli.McpChoice) -> None:
    from tillwright.doors import mcp

    async with open_house(settings, connections=3) as house:
        principal = await cli.mcp_caller(house, choice)
        await mcp.serve_stdio(house.assistant, principal, choice.via)


def speak(settings: Settings, choice: cli.McpChoice) -> None:
    """Answer an assistant over standard input and output until it hangs up."""
    asyncio.run(_speak(settings, choice))


def main() -> None:
    """The command."""
    cli.build(cli.Programs(serve=serve, work=work, mcp=speak))()


if __name__ == "__main__":
    main()
