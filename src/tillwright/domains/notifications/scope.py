"""What a scope is: the address of one kind of notice, with its words, its merge tags and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CATEGORIES = ("Entitlements", "Payments", "Integrations", "Workflows", "Users")
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")


@dataclass(frozen=True)
class Tag:
    """A merge tag; `keys` are the names under which an event's data may hold it, the first that is there wins."""

    summary: str
    sample: Any
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """What notices are about: its merge tags, and which of them are its id, its name and its status."""

    type: str
    category: str
    tags: Mapping[str, Tag]
    id: str
    name: str
    status: str = ""
    path: str = "/"
    """Where the console shows it; `{tag}` is filled in."""
    stripe: bool = False
    """Its events only point at an object at Stripe, whose copy is read for the values."""


@dataclass(frozen=True)
class Scope:
    """`events` are spine events, `*` for any word; `on` is what holds until an organisation says otherwise."""

    action: str
    about: Subject
    title: str
    summary: str
    events: tuple[str, ...]
    subject: str
    body: str
    priority: str = "MEDIUM"
    on: bool = True
    more: Mapping[str, Tag] | None = None
    personal: str = ""
    """The merge tag with the address of the one person it concerns, who is told whoever else is."""
    role: str = ""
    """The merge tag with a role: who has it, or a higher one, is told whoever else is, and at once."""
    published: str = ""
    """The published API's word for the action, where it has none as precise as ours."""

    @property
    def name(self) -> str:
        """`ACTION.ENTITYTYPE`."""
        return f"{self.action}.{self.about.type}"

    @property
    def category(self) -> str:
        return self.about.category

    @property
    def tags(self) -> Mapping[str, Tag]:
        """Every merge tag there is in this scope."""
        return {**self.about.tags, **(self.more or {}), **STANDARD}

    @property
    def sample(self) -> dict[str, Any]:
        """Values to try a template with."""
        return {name: tag.sample for name, tag in self.tags.items()}

    def values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The merge tags' values in an event's data; None for what it does not say."""
        own = {**self.about.tags, **(self.more or {})}
        return {name: _found(data, tag.keys or (name,)) for name, tag in own.items()}


STANDARD: Mapping[str, Tag] = {
    "organizationName": Tag("Your organisation", "Northwind"),
    "eventTime": Tag("When it happened", "2027-01-15T12:00:00Z"),
    "link": Tag("Where the console shows it", "https://tillwright.example.com/"),
    "timeZone": Tag("Your organisation’s time zone", "Europe/Berlin"),
    "mode": Tag("live, test, or empty", "live"),
}


def _found(data: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((data[key] for key in keys if data.get(key) not in (None, "")), None)
