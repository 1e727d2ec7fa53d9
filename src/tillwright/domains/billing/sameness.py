"""Tells whether an effect performed again is the one that was recorded: pure."""

from __future__ import annotations

from typing import Any

import orjson

from tillwright.domains.billing.model import Effect
from tillwright.kit.errors import Conflict, Invalid


def as_stored(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters as they come back from the database, so that they can be compared.

    Raises:
        Invalid: they are not plain data, or hold a character that no text may have.
    """
    try:
        text = orjson.dumps(params)
    except TypeError as error:
        raise Invalid("parameters_malformed", f"The parameters are not plain data: {error}.", field="params") from None
    if b"\\u0000" in text:
        raise Invalid("parameters_malformed", "The parameters hold a character no text may have.", field="params")
    return orjson.loads(text)


def check_same(recorded: Effect, fresh: Effect) -> None:
    """Raises Conflict unless both are the same request to the same account."""
    check_account(recorded.account_id, fresh.account_id)
    if (recorded.method, recorded.path, recorded.params) != (fresh.method, fresh.path, fresh.params):
        raise Conflict(
            "effect_changed",
            "This step was recorded with another request before.",
            remedy="A step's request may not depend on the time or on chance; a new intent takes the next attempt.",
        )


def check_account(meant: str | None, connected: str | None) -> None:
    """Raises Conflict if what is meant for one account would reach another."""
    if meant is not None and meant != (connected or ""):
        raise Conflict(
            "effect_of_other_account",
            f"This was begun on Stripe account {meant}; {connected} is connected now.",
            remedy="Start the run again.",
        )
