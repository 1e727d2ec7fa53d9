"""Whose the credit on a balance is: tables, and a walk of random movements that keeps its sums."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tillwright.domains.billing.credits.shares import Shares, replay

OWNERS = {"fx_a": "A", "fx_b": "B"}


def rows(*moves: tuple[str, int] | tuple[str, int, str], start: int = 0) -> list[dict[str, Any]]:
    """Balance transactions, newest first, from (what, amount, invoice): `A` and `B` are ours, others are types."""
    made: list[dict[str, Any]] = []
    balance = start
    for what, amount, *invoice in moves:
        balance += amount
        ours = what in ("A", "B")
        made.append(
            {
                "amount": amount,
                "currency": "eur",
                "ending_balance": balance,
                "type": "adjustment" if ours else what,
                "invoice": invoice[0] if invoice else None,
                "metadata": {"tillwright_operation": f"fx_{what.lower()}"} if ours else {},
            }
        )
    return made[::-1]


@pytest.mark.parametrize(
    ("given", "left", "debt", "over"),
    [
        (rows(("A", -50)), {"A": 50}, 0, {}),
        (rows(("A", -50), ("applied_to_invoice", 20, "in_1")), {"A": 30}, 0, {}),
        # The oldest is spent first, and never more than there is.
        (rows(("A", -50), ("B", -30), ("applied_to_invoice", 60, "in_1")), {"B": 20}, 0, {}),
        (rows(("A", -50), ("applied_to_invoice", 50, "in_1"), ("adjustment", 10)), {}, 10, {}),
        # Credit from elsewhere is no wallet's, whether it was there before or comes after.
        (rows(("A", -50), start=-10), {"": 10, "A": 50}, 0, {}),
        (rows(("A", -50), ("applied_to_invoice", 40, "in_1"), ("credit_note", -40)), {"A": 10, "": 40}, 0, {}),
        # What an invoice gives back goes to those it came from.
        (
            rows(("A", -50), ("credit_note", -5), ("applied_to_invoice", 52, "in_1"),
                 ("unapplied_from_invoice", -52, "in_1")),
            {"A": 50, "": 5}, 0, {},
        ),
        # Credit pays what is owed first.
        (rows(("A", -50), start=20), {"A": 30}, 0, {}),
        # Taken back: out of that wallet, whichever is older.
        (rows(("B", -30), ("A", -50), ("A", 50)), {"B": 30}, 0, {}),
        # An invoice was there first: what was taken from others is owed to them, and given back to them.
        (rows(("A", -50), ("credit_note", -30), ("applied_to_invoice", 20, "in_1"), ("A", 50)), {"": 10}, 0, {"A": 20}),
        (
            rows(("A", -50), ("credit_note", -30), ("applied_to_invoice", 20, "in_1"), ("A", 50), ("A", -20)),
            {"": 30}, 0, {},
        ),
        (rows(("A", -50), ("applied_to_invoice", 50, "in_1"), ("A", 50)), {}, 50, {"A": 50}),
        (rows(("A", -50), ("applied_to_invoice", 50, "in_1"), ("A", 50), ("A", -50)), {}, 0, {}),
    ],
)  # fmt: skip
def test_shares(given: list[dict[str, Any]], left: dict[str, int], debt: int, over: dict[str, int]) -> None:
    assert replay(given, OWNERS, "eur") == Shares(left, debt, over)


def test_another_currency_is_another_balance() -> None:
    assert replay(rows(("A", -50)), OWNERS, "usd") == Shares()


def test_whatever_happens_the_shares_are_the_balance() -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    for _ in range(300):
        moves: list[Any] = []
        balance = start = dice.randint(-40, 40)
        for number in range(dice.randint(1, 25)):
            what = dice.choice(["A", "B", "A", "applied_to_invoice", "credit_note", "unapplied_from_invoice"])
            size = dice.randint(1, 60)
            sign = {"applied_to_invoice": 1, "credit_note": -1, "unapplied_from_invoice": -1}.get(what)
            amount = size * (sign or dice.choice([1, -1, -1]))
            balance += amount
            moves.append((what, amount, f"in_{dice.randint(1, max(1, number // 3))}"))
        shares = replay(rows(*moves, start=start), OWNERS, "eur")
        assert shares.debt - sum(shares.left.values()) == balance, moves
        assert min([*shares.left.values(), *shares.over.values(), shares.debt]) >= 0, moves
