"""How much money a request moves, in which currency: what limits count and a back-test adds up; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tillwright.domains.automation import inputs
from tillwright.domains.automation.action import Action
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.money_table import NAMED, ROWS, MoneyRow
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.kit.errors import TillwrightError


@dataclass(frozen=True)
class Movement:
    """Money that a request would move, in minor units of `currency`.

    `source` is where Stripe says what the request leaves out: the path of a charge, an intent or an invoice.
    """

    kind: str
    """`refund`, `payout`, `charge` or `credit`."""
    amount: int | None
    currency: str | None
    source: str | None = None

    @property
    def known(self) -> bool:
        return self.amount is not None and self.currency is not None

    @property
    def asked(self) -> dict[str, Any]:
        """What the source is asked with: what remains of an intent is what remains of its charge."""
        of_intent = self.kind == "refund" and str(self.source).startswith("/v1/payment_intents/")
        return {"expand": ["latest_charge"]} if of_intent else {}


def movement(request: Mapping[str, Any]) -> Movement | None:
    """What a request (as its timeline shows it) would move; None if it moves nothing."""
    found = _row(request)
    return _moved(*found, request.get("params") or {}) if found else None


def _row(request: Mapping[str, Any]) -> tuple[MoneyRow, str, re.Match[str]] | None:
    if request.get("kind") not in ("stripe", "refund") or request.get("method") != "POST":
        return None
    path = str(request["path"])
    params: Mapping[str, Any] = request.get("params") or {}
    for row, pattern in _patterns():
        found = pattern.fullmatch(path)
        if found:
            return (row, path, found) if not row.only_with or params.get(row.only_with) not in (None, False) else None
    return None


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[MoneyRow, re.Pattern[str]], ...]:
    return tuple((row, row.pattern) for row in ROWS)


def _moved(row: MoneyRow, path: str, found: re.Match[str], params: Mapping[str, Any]) -> Movement:
    amount, currency, source = _whole(_at(params, row.amount)), _at(params, row.currency), None
    if row.source == "path":
        source = path[: found.end(1)]
    else:
        named = next((name for name in row.source.split() if params.get(name)), None)
        source = f"/v1/{NAMED[named]}/{params[named]}" if named else None
    return Movement(
        row.kind, None if amount is None else abs(amount), None if currency is None else str(currency), source
    )


def _at(params: Mapping[str, Any], place: str) -> Any:
    value: Any = params
    for name in place.split("."):
        value = value.get(name) if is_map(value) else None
    return value


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
    what, charge = source.get("object"), source.get("latest_charge")
    if what == "payment_intent" and kind == "refund" and is_map(charge):
        return _left(kind, charge)
    if what == "invoice" and kind == "refund":
        noted = ("pre_payment_credit_notes_amount", "post_payment_credit_notes_amount")
        return int(source.get("total") or 0) - sum(int(source.get(name) or 0) for name in noted)
    if what == "invoice":
        return _whole(source.get("amount_remaining"))
    if what in ("charge", "application_fee") and kind == "refund":
        return int(source.get("amount") or 0) - int(source.get("amount_refunded") or 0)
    if what == "issuing.authorization":
        return _whole(_at(source, "pending_request.amount"))
    for name in ("amount_capturable", "amount_received", "amount"):
        if kind == "refund" and name == "amount_capturable":
            continue
        if _whole(source.get(name)):
            return int(source[name])
    return None


def moves_money(document: Any) -> bool:
    """Whether any step of a definition's document is an action that can move money."""
    if is_map(document):
        action = catalogue().get(str(document.get("action", "")))
        given: Any = document.get("with") or {}
        if action and can_move(action, given if is_map(given) else {}):
            return True
        return any(moves_money(value) for value in document.values())
    return is_list(document) and any(moves_money(one) for one in document)


def can_move(action: Action, given: Mapping[str, Any]) -> bool:
    """Whether an action, with inputs as they are written, makes a request that moves money."""
    try:
        request = action.build(inputs.plain(action.inputs, given))
    except (TillwrightError, KeyError, TypeError, ValueError, AttributeError):
        return bool(_MONEY.search(action.name))  # it can't be told from a draft
    return _row(request.plain()) is not None


_MONEY = re.compile(r"refund|pay_invoice|capture|confirm|charge|balance|credit|payout|transfer|topup|\.pay$")
