"""Which addresses and URLs are let out: every form of our own network is refused."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest

from tillwright.gateways.outgoing import parse
from tillwright.gateways.outgoing.address import public, within
from tillwright.kit.errors import Invalid

BLOCKED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
    "::10.1.1.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "64:ff9b:1::808:808",
    "64:ff9b:1:7f00:0:100:808:808",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2002:c0a8:101::",
    "2001:0:7f00:1::",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2001:db8::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "100::1",
    "3fff::1",
    "5f00::1",
]
OPEN = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.15.0.1",
    "172.32.0.1",
    "2606:4700::1111",
    "2a00:1450:4001::8a",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("text", BLOCKED)
def test_our_own_network_is_refused_however_it_is_written(text: str) -> None:
    assert not public(ip_address(text))


@pytest.mark.parametrize("text", OPEN)
def test_the_public_internet_is_open(text: str) -> None:
    assert public(ip_address(text))


def test_no_wrapping_lets_a_private_address_through() -> None:
    seed = 20270115
    print("seed", seed)
    dice = random.Random(seed)
    for _ in range(3000):
        inner = IPv4Address(dice.getrandbits(32))
        low = int(inner)
        wrapped = [
            IPv6Address(0xFFFF << 32 | low),
            IPv6Address(int(IPv6Address("64:ff9b::")) | low),
            IPv6Address(int(IPv6Address("2002::")) | low << 80 | dice.getrandbits(64)),
        ]
        for outer in wrapped:
            assert public(inner) or not public(outer), f"{outer} leads to {inner}"


def test_the_operator_opens_a_network_in_every_writing() -> None:
    opened = [ip_network("10.1.0.0/16")]
    assert within(ip_address("10.1.2.3"), opened)
    assert within(ip_address("::ffff:10.1.2.3"), opened)
    assert not within(ip_address("10.2.0.1"), opened)
    assert not within(ip_address("::1"), opened)


WRONG = [
    "ftp://example.com",
    "file:///etc/passwd",
    "gopher://example.com",
    "javascript:alert(1)",
    "//example.com",
    "example.com",
    "https://",
    "https:///x",
    "http://user@example.com",
    "http://user:pw@example.com",
    "https://example.com@evil.example/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://1.1/",
    "https://exa\\mple.com",
    "https://example.com:22/",
    "https://example.com:25/",
    "https://example.com:99999/",
    "https://example.com:-1/",
    "https://[::1/",
    "https://[zz]/",
    "https://-a.example/",
    "https://a..example/",
    "https://bücher.example/",
    "https://example.com/ä",
    "https://exam_ple..com",
    "http://[fe80::1%25eth0]x/",
    "https://.example.com",
]


@pytest.mark.parametrize("text", [*WRONG, "https://exa mple.com", "https://example.com/\r\nHost: x", "https://a\x00b/"])
def test_a_url_that_is_not_plain_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text)


def test_what_a_url_names() -> None:
    target = parse("https://Hooks.Example.com/services/T0/B0?x=1&y=2#part")
    assert (target.host, target.port, target.path) == ("hooks.example.com", 443, "/services/T0/B0?x=1&y=2")
    assert (target.authority, target.shown) == ("hooks.example.com", "https://hooks.example.com")
    assert parse("http://[2606:4700::1111]:8080").authority == "[2606:4700::1111]:8080"
    assert parse("https://example.com.").host == "example.com"
