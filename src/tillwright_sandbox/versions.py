"""API versions: which ones exist, and what differs between the page's and its neighbours."""

from __future__ import annotations

from functools import cache

from . import legacy, tables
from .errors import invalid
from .operations import Operation
from .tables import Schema

PINNED = tables.facts()["version"]
NEWER = "2026-10-28.endive"  # known to exist, later than the page
# From NEWER on these operations refuse payment_method_types.
WITHOUT_TYPES = ("/v1/payment_intents", "/v1/setup_intents", "/v1/checkout/sessions")


def checked(header: str | None, usual: str = PINNED) -> str:
    """The version a request asks for, else the account's `usual` one. Raises 400 for one that never was."""
    if not header:
        return usual
    if header != NEWER and header not in tables.facts()["versions"]:
        raise invalid(f"Invalid Stripe API version: {header[:100]}", "Stripe-Version", "invalid_api_version")
    return header


@cache
def params_for(operation: Operation, key_kind: str, version: str) -> Schema:
    """The parameters an operation takes: those of the page, `client_secret` and `key` for publishable keys."""
    properties = dict(operation.params["properties"])
    if version == NEWER and operation.method == "POST" and operation.path.startswith(WITHOUT_TYPES):
        properties.pop("payment_method_types", None)
    if key_kind == "publishable":
        properties.setdefault("client_secret", {"type": "string"})
        properties.setdefault("key", {"type": "string"})
    return legacy.extended(operation.id, operation.params | {"properties": properties}, version)
