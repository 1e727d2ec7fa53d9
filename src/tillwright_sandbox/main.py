"""The command tillwright-sandbox: serves the sandbox Stripe, and a mail sink beside it, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
import time
from pathlib import Path

import uvicorn

from .app import create_app
from .control import Control
from .mailsink import MailSink
from .snapshot import Keeper, load
from .world import World, make_world


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tillwright-sandbox",
        description="A stateful Stripe over HTTP, for demos, tests and benchmarks on this machine.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8421, help="port of the API; 0 takes any free one (default 8421)")
    parser.add_argument("--data", type=Path, help="folder to keep the state and the mails in; without it, memory only")
    parser.add_argument("--seed", choices=("demo", "empty"), default="empty", help="what a new sandbox begins with")
    parser.add_argument("--dice", type=int, default=1, help="seed of everything random (default 1)")
    parser.add_argument("--smtp-port", type=int, help="port of the mail sink; 0 takes any free one; left out: no sink")
    parser.add_argument("--fast-retries", action="store_true", help="retry webhooks within seconds, not days")
    parser.add_argument("--no-limits", action="store_true", help="switch the rate limits off")
    parser.add_argument("--deliver-anywhere", action="store_true", help="deliver webhooks beyond this machine too")
    return parser.parse_args(given)


def say(text: str) -> None:
    print(text, flush=True)


def build(args: argparse.Namespace) -> World:
    """The world as it was left in --data, else a new one."""
    kept = load(args.data) if args.data else None
    world = make_world(args.dice)
    if kept is not None:
        world.restore(kept)
        say(f"restored the sandbox's state from {args.data}")
    elif args.seed == "demo":
        from .demo import fill

        start = time.perf_counter()
        counts = fill(world, args.dice, say)
        say(f"demo data made in {time.perf_counter() - start:.1f} s: {counts}")
    if args.fast_retries:
        world.webhooks.fast_retries()
    world.webhooks.anywhere = args.deliver_anywhere
    world.limits.enabled = not args.no_limits
    return world


async def serve(args: argparse.Namespace, world: World) -> None:
    mails = MailSink(args.data, world.clock.precise) if args.smtp_port is not None else None
    keeper = Keeper(world, args.data) if args.data else None
    control = Control(world, mails, keeper.save_now if keeper else None)
    listener = socket.create_server((args.host, args.port), reuse_port=False, backlog=512)
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        create_app(world, control), log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=3
    )
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, stop)
    if mails is not None and args.smtp_port is not None:
        say(f"mail  smtp://{args.host}:{mails.start(args.smtp_port, args.host)}")
    background = [asyncio.create_task(tick(world))]
    if keeper is not None:
        keeper.save_now()
        background.append(asyncio.create_task(keeper.run()))
    try:
        if await _start(server, listener):
            say(f"ready http://{args.host}:{port}")
            await server.main_loop()
        await server.shutdown(sockets=[listener])
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if mails is not None:
            mails.stop()
        if keeper is not None:
            keeper.save_now()


async def _start(server: uvicorn.Server, listener: socket.socket) -> bool:
    # Not server.serve(): its signal handling would raise the signal again at the end and skip the last snapshot.
    if not server.config.loaded:
        server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    return server.started and not server.should_exit


async def tick(world: World) -> None:
    """Lets time that simply goes by have its effects too."""
    while True:
        await asyncio.sleep(1)
        with world.lock:
            world.clock.tick()


def main() -> None:
    args = arguments()
    try:
        world = build(args)
        asyncio.run(serve(args, world))
    except (OSError, ValueError) as error:
        print(f"tillwright-sandbox: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
