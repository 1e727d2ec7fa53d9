"""What a name and a mail address may be. Pure."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

from tillwright.kit.errors import Invalid

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


def name_of(text: str, field: str) -> str:
    """The name without needless blanks.

    Raises:
        Invalid: it is empty, longer than 100 characters, or holds characters that can't be seen.
    """
    text = " ".join(text.split())
    if not 1 <= len(text) <= 100:
        raise Invalid("name_length", "A name has 1 to 100 characters.", field=field, remedy="Give it a short name.")
    if not text.isprintable():
        raise Invalid(
            "name_unprintable", "A name has only characters that can be seen.", field=field, remedy="Type it anew."
        )
    return text


def email_of(text: str) -> str:
    """The address in small letters.

    Raises:
        Invalid: it is no address.
    """
    text = text.strip().lower()
    if len(text) > 254 or not _EMAIL.fullmatch(text) or not text.isprintable():
        raise Invalid(
            "email_invalid", f"{text[:60]!r} is no mail address.", field="email", remedy="Write it as name@example.com."
        )
    return text


def zone_of(text: str) -> str:
    """The IANA name of a time zone.

    Raises:
        Invalid: there is no zone of that name.
    """
    if text not in zones():
        raise Invalid(
            "time_zone_unknown",
            f"There is no time zone {text[:60]!r}.",
            field="timeZone",
            remedy="Write it as Europe/Berlin or UTC.",
        )
    return text


@cache
def zones() -> frozenset[str]:
    """Every zone that can be chosen."""
    return frozenset(available_timezones())
