"""One request out: pinned to what was judged, no redirect, no proxy, within its time and size."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import httpcore
import pytest

from tests.gateways.mail.certificates import Authority
from tillwright.gateways.outgoing import Outgoing, OutgoingRefused, OutgoingUnavailable
from tillwright.gateways.outgoing.address import Address
from tillwright.gateways.outgoing.client import MOST_READ
from tillwright.kit.clock import SystemClock

LOOPBACK = [ip_network("127.0.0.0/8")]
Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: Answering, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port of loopback; `answer` gets the head and the body it was sent."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-l")), 0)
            await answer(head + await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    made = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()


class Recorded(httpcore.AsyncNetworkBackend):
    """Notes who would be dialled, and dials nobody."""

    def __init__(self) -> None:
        self.dialled: list[str] = []

    async def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        raise httpcore.ConnectError("nobody there")


def named(*addresses: str) -> Callable[[str, int], Awaitable[Sequence[Address]]]:
    async def resolve(host: str, port: int) -> Sequence[Address]:
        return [ip_address(one) for one in addresses]

    return resolve


async def test_a_request_arrives_as_it_was_meant() -> None:
    heard: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        heard.append(request)
        writer.write(b"HTTP/1.1 201 Made\r\nX-Said: yes\r\nContent-Length: 2\r\n\r\nok")

    async with server(answer) as port:
        out = Outgoing(clock=SystemClock(), opened=LOOPBACK, resolve=named("127.0.0.1"))
        got = await out.send("POST", f"http://hook.example:{port}/in?a=1", headers={"X-Mine": "1"}, body=b"{}")
    assert (got.status, got.headers["x-said"], got.body) == (201, "yes", b"ok")
    head = heard[0].decode()
    assert head.startswith("POST /in?a=1 HTTP/1.1\r\n")
    assert f"Host: hook.example:{port}\r\n" in head
    assert "X-Mine: 1\r\n" in head
    assert head.endswith("\r\n\r\n{}")


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.0.0.8"], ["169.254.169.254"], ["8.8.8.8", "192.168.1.1"], ["::1"], ["fd00::1"]]
)
async def test_a_name_that_leads_inside_is_refused_and_nothing_is_dialled(addresses: list[str]) -> None:
    network = Recorded()
    out = Outgoing(clock=SystemClock(), resolve=named(*addresses), network=network)
    with pytest.raises(OutgoingRefused, match="public"):
        await out.send("GET", "https://127.0.0.1.nip.example/")
    assert network.dialled == []


async def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind() -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[Address]:
        asked.append(host)
        return [ip_address("93.184.216.34" if len(asked) == 1 else "127.0.0.1")]

    network = Recorded()
    out = Outgoing(clock=SystemClock(), resolve=rebinding, network=network)
    with pytest.raises(OutgoingUnavailable):
        await out.send("GET", "https://rebind.example/")
    assert (asked, network.dialled) == (["rebind.example"], ["93.184.216.34"])


async def test_plain_http_goes_only_to_networks_that_were_opened() -> None:
    out = Outgoing(clock=SystemClock(), resolve=named("93.184.216.34"), network=Recorded())
    with pytest.raises(OutgoingRefused, match="not encrypted"):
        await out.send("GET", "http://example.com/")


async def test_a_redirect_is_an_answer() -> None:
    asked: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request)
        writer.write(b"HTTP/1.1 302 F\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n")

    async with server(answer) as port:
        out = Outgoing(clock=SystemClock(), opened=LOOPBACK)
        got = await out.send("GET", f"http://127.0.0.1:{port}/")
    assert (got.status, len(asked)) == (302, 1)


async def test_an_endless_answer_is_cut_and_a_slow_one_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # a proxy would undo the judging: it takes no part

    async def endless(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1000):
            writer.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
            await writer.drain()

    async def never(_: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with server(endless) as port:
        got = await Outgoing(clock=SystemClock(), opened=LOOPBACK).send("GET", f"http://127.0.0.1:{port}/")
        assert len(got.body) == MOST_READ
    async with server(never) as port:
        with pytest.raises(OutgoingUnavailable, match="seconds"):
            await Outgoing(clock=SystemClock(), opened=LOOPBACK, deadline=0.2).send("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ncut"])
async def test_what_is_no_answer_is_said_to_be_none(said: bytes) -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with server(answer) as port:
        with pytest.raises(OutgoingUnavailable):
            await Outgoing(clock=SystemClock(), opened=LOOPBACK).send("GET", f"http://127.0.0.1:{port}/")


async def test_a_server_whose_certificate_is_not_trusted_gets_nothing(tmp_path: Path) -> None:
    got: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        got.append(request)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with server(answer, Authority(tmp_path).server("127.0.0.1")) as port:
        with pytest.raises(OutgoingUnavailable, match="certificate"):
            await Outgoing(clock=SystemClock(), opened=LOOPBACK).send("GET", f"https://127.0.0.1:{port}/")
    assert got == []


@pytest.mark.parametrize("value", ["a\r\nX-More: b", "a\nb"])
async def test_a_header_is_one_line(value: str) -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with server(answer) as port:
        with pytest.raises(OutgoingUnavailable):
            await Outgoing(clock=SystemClock(), opened=LOOPBACK).send(
                "GET", f"http://127.0.0.1:{port}/", headers={"X-A": value}
            )
