"""Whose the credit on a customer's balance is: its transactions replayed, oldest credit spent first. Pure.

Stripe keeps one balance a customer. Credit that comes from elsewhere, such as a credit note, is nobody's wallet:
without this, closing a wallet could take away what was never in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tillwright.domains.billing.marking import MADE_BY

ELSEWHERE = ""


@dataclass
class Shares:
    """What is `left` by wallet (`ELSEWHERE`: no wallet's), what the customer owes, and what wallets took too much.

    A wallet takes too much when an invoice spends its credit in the moment before it is taken back.
    """

    left: dict[str, int] = field(default_factory=dict[str, int])
    debt: int = 0
    over: dict[str, int] = field(default_factory=dict[str, int])


@dataclass
class _Lot:
    owner: str
    amount: int


def replay(transactions: Sequence[Mapping[str, Any]], owners: Mapping[str, str], currency: str) -> Shares:
    """How the balance is shared now.

    Args:
        transactions: the customer's balance transactions, newest first, as Stripe lists them.
        owners: the wallet of each of our moves, by the move's effect id.
    """
    mine = [row for row in reversed(transactions) if row.get("currency") == currency]
    book = _Book()
    if mine:
        book.open(int(mine[0]["ending_balance"]) - int(mine[0]["amount"]))
    for row in mine:
        metadata: Mapping[str, Any] = row.get("metadata") or {}
        owner = owners.get(str(metadata.get(MADE_BY)), ELSEWHERE)
        invoice, kind, amount = str(row.get("invoice") or ""), row.get("type"), int(row["amount"])
        if amount < 0:
            book.credit(owner, -amount, invoice if kind == "unapplied_from_invoice" else "")
        elif owner:
            book.take_back(owner, amount)
        else:
            book.spend(amount, invoice if kind == "applied_to_invoice" else "")
    return book.shares()


class _Book:
    """Lots of credit, oldest first, and where each that is gone went."""

    def __init__(self) -> None:
        self._lots: list[_Lot] = []
        self._debt = 0
        self._over: dict[str, int] = {}
        self._gone: dict[str, list[_Lot]] = {}

    def open(self, balance: int) -> None:
        self._debt = max(0, balance)
        if balance < 0:
            self._lots.append(_Lot(ELSEWHERE, -balance))

    def credit(self, owner: str, amount: int, invoice: str) -> None:
        """New credit; or what an invoice or a wallet gives back, which goes to those it came from."""
        pays = min(self._debt, amount)
        self._debt -= pays
        over = min(self._over.get(owner, 0), amount)
        if over:
            self._over[owner] -= over
        restored = self._restore(invoice or f"over {owner}", amount - pays) if invoice or over else 0
        if left := amount - pays - restored:
            self._lots.append(_Lot(owner, left))

    def spend(self, amount: int, invoice: str) -> None:
        spent, short = _taken(self._lots, amount)
        self._debt += short
        if invoice:
            self._gone.setdefault(invoice, []).extend(spent)

    def take_back(self, owner: str, amount: int) -> None:
        _, short = _taken([lot for lot in self._lots if lot.owner == owner], amount)
        if short:
            self._over[owner] = self._over.get(owner, 0) + short
            self.spend(short, f"over {owner}")

    def shares(self) -> Shares:
        left: dict[str, int] = {}
        for lot in self._lots:
            left[lot.owner] = left.get(lot.owner, 0) + lot.amount
        return Shares(
            {owner: amount for owner, amount in left.items() if amount},
            self._debt,
            {owner: amount for owner, amount in self._over.items() if amount},
        )

    def _restore(self, gone: str, amount: int) -> int:
        restored = 0
        for lot in self._gone.pop(gone, []):
            part = min(lot.amount, amount - restored)
            if part:
                self._lots.insert(0, _Lot(lot.owner, part))  # it is the oldest again
                restored += part
        return restored


def _taken(lots: Sequence[_Lot], amount: int) -> tuple[list[_Lot], int]:
    """What was taken of whom, and what there was no credit for."""
    spent: list[_Lot] = []
    for lot in lots:
        part = min(lot.amount, amount)
        if part:
            spent.append(_Lot(lot.owner, part))
            lot.amount -= part
            amount -= part
    return spent, amount
