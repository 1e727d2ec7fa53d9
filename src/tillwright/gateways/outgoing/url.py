"""Reading a URL that a person typed: what it names, or why it can't be used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tillwright.gateways.outgoing import address
from tillwright.kit.errors import Invalid

LONGEST = 2048
_ORDINARY_PORTS = (80, 443)
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z][a-z0-9-]{0,61}[a-z0-9]")
_BRACKETED = re.compile(r"\[[0-9a-fA-F:.]+\](:[0-9]*)?")
_PATH = re.compile(r"[!-~]*")


@dataclass(frozen=True)
class Target:
    """`host` is a name in ASCII or a literal address without brackets; `path` begins with / and has the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As the Host header says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """Without path and query, which may hold a secret."""
        return f"{self.scheme}://{self.authority}"


def parse(text: str, *, field: str = "url") -> Target:
    """Read it.

    Raises:
        Invalid: it is no http(s) URL of a public name or address, written plainly.
    """
    if len(text) > LONGEST or not _PATH.fullmatch(text) or "\\" in text:
        raise _wrong("has a space, a backslash, a control or a foreign character, or is too long", field)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _wrong("can't be read", field) from None
    if parts.scheme not in ("https", "http"):
        raise _wrong("does not start with https://", field)
    if parts.username is not None or parts.password is not None:
        raise _wrong("holds a sign-in before the @", field)
    host = (parts.hostname or "").rstrip(".")
    if "%" in host or ("[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc)):
        raise _wrong("names no host that can be looked up", field)
    literal = address.read(host)
    if literal is None and not _NAME.fullmatch(host):
        # Also how 2130706433, 0x7f.1 and 127.1 end here: a resolver would take them for addresses.
        raise _wrong("names no host that can be looked up", field)
    port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
    if port < 1024 and port not in _ORDINARY_PORTS:
        raise _wrong(f"goes to port {port}, where no web server listens", field)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, str(literal) if literal is not None else host, port, path)


def _wrong(why: str, field: str) -> Invalid:
    return Invalid("url_invalid", f"The URL {why}.", field=field, remedy="Write it as https://example.com/path.")
