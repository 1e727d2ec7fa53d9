"""Stripe's search query language over the store: field:'value', ~, comparisons, metadata, AND, OR, minus."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .call import Call
from .errors import StripeError, invalid
from .filters import look_up
from .pages import Page, length

TOKEN = re.compile(
    r"""\s*(?:(?P<word>AND|OR)\b|(?P<minus>-)?(?P<field>[A-Za-z_.]+)(?:\[(?P<q>["'])(?P<key>.*?)(?P=q)\])?\s*
    (?P<op>:|~|>=|<=|>|<)\s*(?:(?P<q2>["'])(?P<text>(?:\\.|(?!(?P=q2))[^\\])*)(?P=q2)|(?P<bare>null|-?\d+(?:\.\d+)?)))""",
    re.VERBOSE | re.IGNORECASE,
)
FIELDS: dict[str, tuple[str, ...]] = {
    "charge": (
        "amount", "billing_details.address.postal_code", "created", "currency", "customer", "disputed", "metadata",
        "payment_method_details.card.brand", "payment_method_details.card.exp_month",
        "payment_method_details.card.exp_year", "payment_method_details.card.fingerprint",
        "payment_method_details.card.last4", "refunded", "status",
    ),
    "customer": ("created", "email", "metadata", "name", "phone"),
    "invoice": (
        "created", "currency", "customer", "last_finalization_error_code", "last_finalization_error_type", "metadata",
        "number", "receipt_number", "status", "subscription", "total",
    ),
    "payment_intent": ("amount", "created", "currency", "customer", "metadata", "status"),
    "price": ("active", "currency", "lookup_key", "metadata", "product", "type"),
    "product": ("active", "description", "metadata", "name", "shippable", "url"),
    "subscription": ("canceled_at", "created", "customer", "metadata", "status"),
}  # fmt: skip
PATHS = {("invoice", "subscription"): "parent.subscription_details.subscription"}


@dataclass
class Clause:
    negated: bool
    path: str
    key: str | None
    op: str
    value: Any

    def holds(self, obj: dict[str, Any]) -> bool:
        return self._test(obj) is not self.negated

    def _test(self, obj: dict[str, Any]) -> bool:
        held = (obj.get("metadata") or {}).get(self.key) if self.key is not None else look_up(obj, self.path)
        if self.value is None:
            return held is None
        if held is None:
            return False
        if self.op == "~":
            return str(self.value).lower() in str(held).lower()
        if self.op != ":":
            return _compare(held, self.op, self.value)
        if isinstance(held, bool):
            return str(held).lower() == str(self.value).lower()
        if isinstance(held, (int, float)):
            return _compare(held, ":", self.value)
        return str(held).lower() == str(self.value).lower()


def _compare(held: Any, op: str, value: Any) -> bool:
    try:
        left, right = float(held), float(value)
    except (TypeError, ValueError):
        return False
    return {":": left == right, ">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}[op]


def _refuse(why: str) -> StripeError:
    return invalid(f"We were unable to parse your search query: {why}", "query")


def parse(query: str, object: str) -> tuple[list[Clause], str]:
    """(clauses, AND or OR). Raises 400 for what is no query, for mixed AND and OR, and for unknown fields."""
    clauses: list[Clause] = []
    words: set[str] = set()
    at, wants_clause = 0, True
    query = query.strip()
    while at < len(query):
        found = TOKEN.match(query, at)
        if not found:
            raise _refuse(f"unexpected text at {query[at : at + 40]!r}")
        at = found.end()
        if found["word"]:
            if wants_clause:
                raise _refuse(f"{found['word']} must stand between two clauses")
            words.add(found["word"].upper())
            wants_clause = True
            continue
        if not wants_clause:
            words.add("AND")  # clauses side by side
        clauses.append(_clause(found, object))
        wants_clause = False
    if not clauses or wants_clause:
        raise _refuse("a clause is missing")
    if len(words) > 1:
        raise _refuse("AND and OR cannot be combined in one query")
    return clauses, (words or {"AND"}).pop()


def _clause(found: re.Match[str], object: str) -> Clause:
    field, key = found["field"], found["key"]
    if field not in FIELDS.get(object, ()):
        raise invalid(f"Field `{field}` is an unsupported search field for resource `{object}`.", "query")
    if (field == "metadata") != (key is not None):
        raise _refuse("metadata is searched as metadata['key']:'value'")
    text = found["text"]
    value = re.sub(r"\\(.)", r"\1", text) if text is not None else found["bare"]
    if text is None and found["bare"].lower() == "null":
        value = None
    if found["op"] == "~" and isinstance(value, str) and len(value) < 3:
        raise _refuse("a substring needs at least three characters")
    return Clause(bool(found["minus"]), PATHS.get((object, field), field), key, found["op"], value)


def answer(call: Call) -> Page:
    """A page of search results, newest first. New objects appear `world.search_lag` seconds late."""
    operation, params = call.operation, call.params
    clauses, word = parse(params["query"], operation.object)
    every = all if word == "AND" else any
    horizon = call.world.clock.now() - call.world.search_lag
    kind = call.objects.kind(operation.object)
    found = [
        record
        for record in kind.newest_first()
        if record.created <= horizon + (0 if call.world.search_lag else 2**40)
        and every(clause.holds(record.obj) for clause in clauses)
    ]
    start = 0
    if params.get("page"):
        place = next((at for at, record in enumerate(found) if record.id == _opened(params["page"])), None)
        if place is None:
            raise invalid("Invalid page token.", "page")
        start = place + 1
    size = length(params)
    rows = found[start : start + size]
    more = start + size < len(found)
    total = len(found) if "total_count" in call.expand else None
    call.expand = [path for path in call.expand if path != "total_count"]
    return Page(list(rows), more, operation.path, "search_result", _sealed(rows[-1].id) if more else None, total)


def _sealed(id_: str) -> str:
    return id_.encode().hex()


def _opened(page: str) -> str:
    try:
        return bytes.fromhex(page).decode()
    except ValueError as error:
        raise invalid("Invalid page token.", "page") from error
