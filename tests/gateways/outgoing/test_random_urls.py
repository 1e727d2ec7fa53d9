"""Random addresses of our own network, in every writing and behind every name: nobody there is ever dialled."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from tests.gateways.outgoing.test_addresses import BLOCKED, OPEN
from tests.gateways.outgoing.test_client import Recorded
from tillwright.gateways.outgoing import Outgoing
from tillwright.gateways.outgoing.address import Address
from tillwright.kit.clock import SystemClock
from tillwright.kit.errors import TillwrightError

URLS = int(os.environ.get("TRIAL_URLS", "2000"))
INSIDE = [
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
]  # fmt: skip
PUBLIC_IPV6 = [ip_network(text) for text in ("2606:4700::/32", "2a00:1450::/32", "2600:1f00::/24")]


def inside(address: Address) -> bool:
    """Judged anew here, and not by the code that is tried: IPv6 is outside only where a test knows it to be."""
    if isinstance(address, IPv4Address):
        return any(address in network for network in INSIDE)
    low = address.ipv4_mapped or (
        IPv4Address(int(address) & 0xFFFFFFFF) if int(address) >> 32 == 0x64FF9B << 64 else None
    )
    if low is not None:
        return inside(low)
    if int(address) >> 112 == 0x2002:
        return inside(IPv4Address(int(address) >> 80 & 0xFFFFFFFF))
    return not any(address in network for network in PUBLIC_IPV6)


def some_address(dice: random.Random) -> Address:
    kind = dice.random()
    if kind < 0.25:
        return ip_address(dice.choice((*BLOCKED, *OPEN)).split("%")[0])
    network = dice.choice(INSIDE)
    low = int(network[dice.randrange(network.num_addresses)]) if kind < 0.85 else dice.getrandbits(32)
    wrapped = (
        low, 0xFFFF << 32 | low, int(IPv6Address("64:ff9b::")) | low, int(IPv6Address("64:ff9b:1::")) | low,
        int(IPv6Address("2002::")) | low << 80, int(IPv6Address("2001::")) | low ^ 0xFFFFFFFF, 0xFFFF << 48 | low,
    )  # fmt: skip
    number = dice.choice(wrapped)
    return IPv4Address(number) if number == low and dice.random() < 0.8 else IPv6Address(number)


def written(dice: random.Random, address: Address) -> str:
    """A host that some reader of URLs takes for the address, or a name that leads to it."""
    if isinstance(address, IPv6Address):
        return dice.choice((f"[{address}]", f"[{address.exploded}]", f"[{str(address).upper()}]", f"[{address}%25lo]"))
    number, parts = int(address), str(address).split(".")
    return dice.choice(
        (
            str(address), str(address), str(number), hex(number), oct(number).replace("o", ""), f"{address}.",
            ".".join(f"0{int(part):o}" for part in parts), ".".join(hex(int(part)) for part in parts),
            f"{parts[0]}.{number & 0xFFFFFF}", f"{parts[0]}.{parts[1]}.{number & 0xFFFF}", f"[::ffff:{address}]",
            f"{address}.nip.io", f"a.{'-'.join(parts)}.sslip.io", "localhost", "metadata.google.internal",
            "".join(chr(ord(letter) + 0xFEE0) if letter.isdigit() else letter for letter in str(address)),
            str(address).replace(".", "%2e"), str(address).replace(".", "。"),
        )
    )  # fmt: skip


def url(dice: random.Random, host: str) -> str:
    scheme = dice.choice(("https", "https", "https", "http", "HTTPS", "ftp", "https\t"))
    before = dice.choice(("", "", "", "", "a@", "a:b@", "example.com@", "example.com\\@", "example.com#@"))
    after = dice.choice(("", "", "", ":443", ":8443", ":22", ":0", ":", ":99999"))
    return f"{scheme}://{before}{host}{after}{dice.choice(('', '/', '/x?y=1', '/@example.com', '#example.com'))}"


async def test_no_packet_goes_inside() -> None:
    seed = int(os.environ.get("TRIAL_SEED", "7"))
    dice, network, ends = random.Random(seed), Recorded(), Counter[str]()
    meant: list[Address] = []

    async def resolve(host: str, port: int) -> Sequence[Address]:
        """What its owner likes: another answer each time, the bad one among good ones."""
        good = [ip_address("93.184.216.34"), ip_address("2606:4700::1111")]
        found = dice.choice((meant, [*good, *meant], good, [], [*meant, *good]))
        return [some_address(dice)] if dice.random() < 0.2 else list(found)

    out = Outgoing(clock=SystemClock(), resolve=resolve, network=network)
    for number in range(URLS):
        address = some_address(dice)
        meant[:] = [address]
        text = url(dice, written(dice, address) if dice.random() < 0.7 else f"name{number}.example")
        network.dialled.clear()
        try:
            await out.send("GET", text)
        except TillwrightError as error:
            ends[error.code] += 1
        for dialled in network.dialled:
            assert not inside(ip_address(dialled)), (seed, number, text, dialled)
        ends["dialled"] += bool(network.dialled)
    print(f"seed {seed}: {URLS} URLs, 0 packets inside; {dict(ends)}")
    assert ends["dialled"] > URLS // 50, "what leads to the public internet is let out"
