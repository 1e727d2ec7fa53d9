"""Who gets a notice in the end: contacts by their present address, once each, without those who left the list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tillwright.domains.notifications.configuration.model import ScopeSettings


@dataclass(frozen=True)
class Route:
    to: Sequence[str]
    cc: Sequence[str]
    bcc: Sequence[str]

    @property
    def anybody(self) -> bool:
        return bool(self.to or self.cc or self.bcc)


def route(settings: ScopeSettings, contacts: Mapping[str, str], out: Collection[str]) -> Route:
    """Pure.

    Args:
        contacts: present addresses by contact id; an id that is not there is somebody who was forgotten.
        out: addresses, in small letters, that left this scope's list.
    """
    seen = {address.lower() for address in out}
    parts: list[list[str]] = []
    for given in (settings.to, settings.cc, settings.bcc):
        kept: list[str] = []
        for one in given:
            address = one if "@" in one else contacts.get(one)
            if address and address.lower() not in seen:
                seen.add(address.lower())
                kept.append(address)
        parts.append(kept)
    return Route(*parts)
