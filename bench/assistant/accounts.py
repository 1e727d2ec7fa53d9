"""The seeded accounts served at /mcp, each with a person who connected it and a token of an assistant of theirs."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import uvicorn

from bench.assistant.__main__ import ExamClock
from bench.assistant.books import NOW, PROFILES, Books, keep
from bench.assistant.questions import Question, ask
from bench.assistant.seeding import put
from bench.assistant.serving import serving
from tillwright.domains.assistant import Allowance
from tillwright.domains.assistant.grants.model import Asked, Program
from tillwright.gateways.database import Database
from tillwright.kit import ids
from tillwright.kit.clock import to_unix
from tillwright.kit.seal import Secret
from tillwright.main import web
from tillwright.settings import WebSettings, read
from tillwright.wiring import House, build
from tillwright_sandbox.world import World, make_world

PASSWORD = "a long password"
BACK = "http://127.0.0.1:9/callback"
_KEYS = ("pk_test_sandbox_northwind", Secret("rk_test_sandbox_northwind"))


@dataclass(frozen=True)
class Seat:
    """One account: where a client asks about it, and its questions by their ids."""

    organisation_id: str
    account: str
    url: str
    token: Secret
    email: str
    questions: dict[str, Question]


@dataclass(frozen=True)
class Hall:
    seats: list[Seat]
    world: World
    house: House


def questions_of(books: Books, seed: int) -> dict[str, Question]:
    """By ids that hold for a seed and a scale."""
    return {f"{books.profile.prefix}-{number:03d}": one for number, one in enumerate(ask(books, seed), 1)}


def seeded(seed: int, scale: int | None) -> tuple[World, list[Books]]:
    """The accounts, with another mode's objects beside them."""
    world = make_world()
    world.limits.enabled = False
    world.clock.freeze()
    world.clock.start_at(to_unix(NOW))
    books = [keep(profile, seed, scale=scale) for profile in PROFILES]
    for each in books:
        put(world, each)
    put(world, keep(PROFILES[0], seed + 1, scale=200 if scale is None else min(scale, 200)), livemode=True)
    return world, books


@contextlib.asynccontextmanager
async def hall(url: str, folder: Path, *, seed: int, scale: int | None, port: int = 0) -> AsyncIterator[Hall]:
    """Everything served over HTTP on this machine until the end of the context."""
    world, books = seeded(seed, scale)
    port = port or _free_port()
    async with serving(world) as sandbox, Database(Secret(url)) as database:
        settings = read({"TILLWRIGHT_DATA": str(folder / "data"), "TILLWRIGHT_STRIPE_API_BASE": sandbox})
        settings = replace(settings, web=WebSettings("127.0.0.1", port, f"http://127.0.0.1:{port}"))
        house = build(settings, database, ExamClock())
        house.assistant.__dict__["_allowance"] = Allowance(10**9, 10**9)
        seats = [await _seat(house, world, each, seed) for each in books]
        server = uvicorn.Server(uvicorn.Config(web(house), port=port, log_level="warning"))
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
        task = asyncio.create_task(server.serve())
        while not server.started and not task.done():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)
        try:
            yield Hall(seats, world, house)
        finally:
            server.should_exit = True
            await task
            await house.reader.close()
            await house.writer.close()


async def _seat(house: House, world: World, books: Books, seed: int) -> Seat:
    email = f"{books.profile.prefix}@example.com"
    who = await house.tenancy.create_organisation(books.profile.name, email, PASSWORD, person=books.profile.name)
    integration = await house.integrations.connect(who, publishable_key=_KEYS[0], secret_key=_KEYS[1])
    platform = integration.account_id
    client = {"connect_client_id": world.connect.client_id(platform, False)}
    await house.integrations.update(who, expected_version=integration.version, settings=client)
    state = dict(parse_qsl(urlsplit(await house.connections.begin(who, "ses_bench")).query))["state"]
    code = world.connect.authorise(platform, books.profile.account, False, "read_only")
    await house.connections.finish(who, "ses_bench", state=state, code=code)
    # As a program would be given access; the person's yes is said here.
    challenge = base64.urlsafe_b64encode(hashlib.sha256(ids.token().encode()).digest()).rstrip(b"=").decode()
    await house.grants.register(Program(f"prg_{books.profile.prefix}", "Bench", Secret("{}")))
    asked = Asked(f"prg_{books.profile.prefix}", "Bench", BACK, True, challenge, house.grants.resource, None)
    back = await house.grants.give(who, (await house.grants.ask(asked)).reveal(), "connection")
    text = dict(parse_qsl(urlsplit(back).query))["code"]
    grant = await house.grants.of_code(text, asked.program_id)
    tokens = await house.grants.hand_out(grant, text) if grant else None
    if tokens is None:
        raise RuntimeError("no token was given")
    url, asked_of = house.grants.resource, questions_of(books, seed)
    return Seat(who.organisation_id, books.profile.account, url, tokens.access, email, asked_of)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
