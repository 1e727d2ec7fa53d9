"""Sending one request to an address that a person gave, and never to one of our own network."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from tillwright.gateways.outgoing import address
from tillwright.gateways.outgoing.address import Address, Network
from tillwright.gateways.outgoing.url import Target, parse
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Invalid, Upstream

DEADLINE = 15.0
"""Seconds from the first packet to the last byte that is read."""
MOST_READ = 64 * 1024
"""Bytes of an answer that are kept; the rest is not read."""

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


class OutgoingRefused(Invalid):
    """The request may not be sent there; trying again changes nothing."""


class OutgoingUnavailable(Upstream):
    """No answer came: the name is not known now, nobody listens, TLS fails, or it took too long."""


@dataclass(frozen=True)
class Answer:
    """`body` holds at most `MOST_READ` bytes; `took` is in milliseconds; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took: int


async def look_up(host: str, port: int) -> Sequence[Address]:
    """Every address of a name, as the machine's resolver knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    known = (address.read(str(entry[4][0])) for entry in found)
    return list(dict.fromkeys(one for one in known if one is not None))


class Outgoing:
    """A name is looked up once, every address it has is judged, and exactly those are dialled: nothing that the name
    means a moment later is reached. Redirects are answers, not followed; no proxy and no cookie takes part.

    Args:
        opened: networks that may be reached though they are not public; plain http goes nowhere else.
        resolve: how names are looked up.
        network: what opens connections.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        opened: Sequence[Network] = (),
        resolve: Resolve = look_up,
        network: httpcore.AsyncNetworkBackend | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        self._clock = clock
        self._opened = opened
        self._resolve = resolve
        self._network: Any = network or httpcore.AnyIOBackend()
        self._deadline = deadline
        self._tls: ssl.SSLContext | None = None

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and read its answer, whatever its status.

        Raises:
            Invalid: the URL can't be used.
            OutgoingRefused: it leads to a network that is not public.
            OutgoingUnavailable: no answer.
        """
        target = parse(url)
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._deadline):
                addresses = await self._judged(target)
                return await self._exchange(target, addresses, method, headers or {}, body, began)
        except TimeoutError:
            raise _unavailable(target, f"no answer within {self._deadline:g} seconds") from None
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise _unavailable(target, str(error) or type(error).__name__) from error

    async def _judged(self, target: Target) -> Sequence[Address]:
        literal = address.read(target.host)
        if literal is not None:
            found: Sequence[Address] = [literal]
        else:
            try:
                found = await self._resolve(target.host, target.port)
            except OSError as error:
                raise _unavailable(target, "its name is not known") from error
        if not found:
            raise _unavailable(target, "its name has no address")
        for one in found:
            if address.within(one, self._opened):
                continue
            if not address.public(one):
                raise OutgoingRefused(
                    "address_not_public",
                    f"{target.host} leads to {one}, which is not on the public internet.",
                    field="url",
                    remedy="Use a public address, or open that network with TILLWRIGHT_OUTGOING_NETWORKS.",
                )
            if target.scheme == "http":
                raise OutgoingRefused(
                    "address_not_encrypted",
                    f"{target.shown} is not encrypted.",
                    field="url",
                    remedy="Use https://; plain http is for networks that the operator opened.",
                )
        return found

    async def _exchange(
        self,
        target: Target,
        addresses: Sequence[Address],
        method: str,
        headers: Mapping[str, str],
        body: bytes,
        began: float,
    ) -> Answer:
        if self._tls is None:
            self._tls = await asyncio.to_thread(httpx.create_ssl_context)
        sent = {"Host": target.authority, "User-Agent": "Tillwright", "Accept": "*/*", "Content-Length": str(len(body))}
        sent |= headers
        url = httpcore.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=target.path
        )  # a literal IPv6 address goes without its brackets here
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls, network_backend=_Pinned(self._network, addresses)
            ) as pool,
            pool.stream(method, url, headers=list(sent.items()), content=body) as response,
        ):
            kept, size = list[bytes](), 0
            async for chunk in response.aiter_stream():
                kept.append(chunk)
                size += len(chunk)
                if size >= MOST_READ:
                    break
            names = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers}
            took = int((self._clock.monotonic() - began) * 1000)
            return Answer(response.status, names, b"".join(kept)[:MOST_READ], took)


class _Pinned(httpcore.AsyncNetworkBackend):
    """Dials the judged addresses in their order, whatever name it is asked for."""

    def __init__(self, network: httpcore.AsyncNetworkBackend, addresses: Sequence[Address]) -> None:
        self._network = network
        self._addresses = addresses

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failed: Exception = OSError("no address")
        for one in self._addresses:
            try:
                return await self._network.connect_tcp(str(one), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise OSError("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


def _unavailable(target: Target, why: str) -> OutgoingUnavailable:
    return OutgoingUnavailable(
        "address_silent", f"{target.shown} gave no answer: {why}.", remedy="Check the address and that it is up."
    )
