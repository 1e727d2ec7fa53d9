"""Which requests move money, how much, and in which currency: what limits count and a back-test adds up; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tillwright.domains.automation.shapes import is_map


@dataclass(frozen=True)
class Movement:
    """Money that a request would move, in minor units of `currency`.

    `source` is where Stripe says what the request leaves out: the path of a charge, an intent or an invoice.
    """

    kind: str
    """`refund`, `charge` or `credit`."""
    amount: int | None
    currency: str | None
    source: str | None = None

    @property
    def known(self) -> bool:
        return self.amount is not None and self.currency is not None


@dataclass(frozen=True)
class _Row:
    kind: str
    path: re.Pattern[str]
    amount: str
    source: str
    """Where the rest stands: a parameter that names an object, or `path` for the object in the path itself."""


# An id in the path is `{}`; the first row that fits counts.
_ROWS = tuple(
    _Row(kind, re.compile(path.replace("{}", "([^/]+)")), amount, source)
    for kind, path, amount, source in (
        ("refund", "/v1/refunds", "amount", "charge"),
        ("refund", "/v1/charges/{}/refunds?", "amount", "path"),
        ("refund", "/v1/credit_notes", "amount", "invoice"),
        ("charge", "/v1/charges", "amount", ""),
        ("charge", "/v1/charges/{}/capture", "amount", "path"),
        ("charge", "/v1/payment_intents/{}/capture", "amount_to_capture", "path"),
        ("charge", "/v1/payment_intents/{}/confirm", "", "path"),
        ("charge", "/v1/payment_intents", "amount", ""),
        ("charge", "/v1/invoices/{}/pay", "", "path"),
        ("charge", "/v1/topups", "amount", ""),
        ("credit", "/v1/customers/{}/balance_transactions", "amount", ""),
        ("credit", "/v1/customers/{}", "balance", ""),
        ("credit", "/v1/transfers", "amount", ""),
        ("credit", "/v1/payouts", "amount", ""),
    )
)
_PLURALS = {"charge": "charges", "payment_intent": "payment_intents", "invoice": "invoices"}


def movement(request: Mapping[str, Any]) -> Movement | None:
    """What a request (as its timeline shows it) would move; None if it moves nothing."""
    if request.get("kind") not in ("stripe", "refund") or request.get("method") != "POST":
        return None
    params: Mapping[str, Any] = request.get("params") or {}
    for row in _ROWS:
        if found := row.path.fullmatch(str(request["path"])):
            return _moved(row, str(request["path"]), found, params)
    return None


def _moved(row: _Row, path: str, found: re.Match[str], params: Mapping[str, Any]) -> Movement | None:
    amount, currency = _whole(params.get(row.amount)), params.get("currency")
    if row.kind == "credit" and amount is None:
        return None  # such as another name for a customer
    if path == "/v1/payment_intents" and not params.get("confirm"):
        return None  # an intent that nobody confirms takes no money
    source = None
    if row.source == "path":
        source = path[: found.end(1)]
    elif row.source:
        source = _named(params, row.source)
    return Movement(row.kind, None if amount is None else abs(amount), currency, source)


def _named(params: Mapping[str, Any], first: str) -> str | None:
    for name in (first, "payment_intent"):
        if params.get(name):
            return f"/v1/{_PLURALS[name]}/{params[name]}"
    return None


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None


def filled(moved: Movement, source: Mapping[str, Any] | None) -> Movement:
    """The movement with what the object it leaves open says: its currency, and all that is left of it."""
    if source is None:
        return moved
    amount = moved.amount
    if amount is None:
        amount = _left(moved.kind, source)
    return Movement(moved.kind, amount, moved.currency or source.get("currency"), moved.source)


def _left(kind: str, source: Mapping[str, Any]) -> int | None:
    if source.get("object") == "invoice":
        return _whole(source.get("amount_remaining"))
    if kind == "refund" and source.get("object") == "charge":
        return int(source.get("amount") or 0) - int(source.get("amount_refunded") or 0)
    for name in ("amount_capturable", "amount_received", "amount"):
        if kind == "refund" and name == "amount_capturable":
            continue
        if _whole(source.get(name)):
            return int(source[name])
    return None


def moves_money(document: Any) -> bool:
    """Whether any step of a definition's document is an action whose name says that it moves money."""
    if is_map(document):
        action = str(document.get("action", ""))
        return bool(_MONEY_ACTION.search(action)) or any(moves_money(value) for value in document.values())
    return isinstance(document, list) and any(moves_money(one) for one in document)  # pyright: ignore[reportUnknownVariableType]


_MONEY_ACTION = re.compile(r"refund|pay_invoice|capture|confirm|charge|balance|credit|payout|transfer|topup|\.pay$")
