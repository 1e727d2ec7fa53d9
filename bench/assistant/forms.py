"""How an outside client writes its answers: what is asked for in words, and when it is right. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.assistant.questions import Question

_MONEY = "Money is a whole number of minor units."


@dataclass(frozen=True)
class Form:
    """`says` goes to the client with the question; `right` is what its answer is compared with.

    `loose`: the order of a list does not count.
    """

    says: str
    right: Any
    loose: bool = False


def form_of(question: Question) -> Form:
    """The form of a question's answer, as JSON."""
    expected, tool = question.expected, question.plan[0][0]
    if question.kind == "must-refuse":
        return Form('{"refused": true} if it can\'t or must not be done', {"refused": True})
    if question.kind == "absent":
        return Form("true if there is such a thing, false if there is none", False)
    if question.kind == "ambiguous":
        return Form("a list of the ids of everybody it may be about", sorted(expected[1]), loose=True)
    if isinstance(expected, set):
        return Form("a list of ids, in any order", sorted(expected), loose=True)
    if isinstance(expected, list):
        return _list(tool, expected)
    if isinstance(expected, tuple):
        return _tuple(tool, expected)
    if isinstance(expected, dict):
        return _dict(tool, expected)
    if isinstance(expected, str):
        return Form("the code, as a text", expected)
    return Form(f"a whole number. {_MONEY}", expected)


def _list(tool: str, expected: list[Any]) -> Form:
    if tool == "find_invoices":
        rows = [{"id": one, "status": status, "total": total} for one, status, total in expected]
        return Form(f'a list of {{"id", "status", "total"}}. {_MONEY}', rows)
    if tool == "top_customers":
        return Form(f'a list of {{"id", "net"}}, the best first. {_MONEY}', [{"id": i, "net": n} for i, n in expected])
    return Form("a list of ids", expected)


def _tuple(tool: str, expected: tuple[Any, ...]) -> Form:
    if tool == "customer_story":
        return Form(
            f'{{"paid": {{currency: amount}}, "refunded": the same}}. {_MONEY}', _named(expected, "paid refunded")
        )
    if tool == "churn":
        names = "ended at_start ended_of_those mrr_lost"
        says = '{"ended": in the time, "at_start": that ran at its beginning, "ended_of_those", "mrr_lost": {currency: '
        return Form(f"{says}amount}}}}, counted in subscriptions. {_MONEY}", _named(expected, names))
    if tool == "explain_payment" and isinstance(expected[0], str):
        says = f'{{"invoice": its id, "amount", "lines": how many lines that invoice has}}. {_MONEY}'
        return Form(says, _named(expected, "invoice amount lines"))
    if tool == "get_object" and len(expected) == 3:
        return Form(f'{{"amount", "status"}}. {_MONEY}', _named(expected[1:], "amount status"))
    if tool == "get_object":
        return Form('one word, such as "active" or "deleted"', "deleted")
    return Form("true or false", True)


def _named(values: tuple[Any, ...], names: str) -> dict[str, Any]:
    return dict(zip(names.split(), values, strict=True))


def _dict(tool: str, expected: Mapping[Any, Any]) -> Form:
    first = next(iter(expected), "")
    if isinstance(first, tuple):
        what = "product id" if str(first[0]).startswith("prod_") else "country"
        return Form(f'{{"{what}/currency": amount}}. {_MONEY}', {"/".join(key): one for key, one in expected.items()})
    if isinstance(expected.get(first), Mapping):
        return Form(f'{{"gross": {{currency: amount}}, "refunded": …, "net": …}}. {_MONEY}', dict(expected))
    if tool == "failed_payments":
        return Form("{failure code: how often}", dict(expected))
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", str(first)):
        return Form(f'{{"YYYY-MM": amount}}. {_MONEY}', dict(expected))
    if re.fullmatch(r"[0-9]{4}-Q[1-4]", str(first)):
        return Form('{"YYYY-Qn": how many}', dict(expected))
    return Form(f"{{currency: amount}}. {_MONEY}", dict(expected))


def is_right(form: Form, given: Any) -> bool:
    """Whether an answer is exact. Sums of nothing may be left out or be 0; currencies may be in capitals."""
    if form.right is False:
        return given in (False, None, 0, [], {})
    if form.loose:
        return isinstance(given, list) and sorted(map(str, given)) == form.right
    return _plain(given) == _plain(form.right)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {str(name).lower(): _plain(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in (0, {}) or isinstance(one, bool)}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
