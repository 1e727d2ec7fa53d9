"""A credit wallet: what it is meant to hold, and the moves at Stripe that brought it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tillwright.domains.billing.model import SETTLED, EffectState

State = Literal["OPEN", "CLOSED", "DELETED"]
PREFIX = "cw_"


@dataclass(frozen=True)
class Wallet:
    """Money in minor units of `currency`, which is None until there is any; times UTC.

    `wanted` is the total that was meant to be in it, spent or not; `placed` what our moves put at Stripe all in all,
    and `remaining` what of that is not spent, both when Stripe was last looked at. Before `starts` nothing is at Stripe
    yet; what is left at `expires` or at the closing is taken back. `version` counts the changes of this record.
    """

    id: str
    livemode: bool
    buyer_id: str
    name: str
    currency: str | None
    wanted: int
    placed: int
    remaining: int
    starts: datetime | None
    expires: datetime | None
    state: State
    closed: datetime | None
    created: datetime
    updated: datetime
    version: int = 1

    @property
    def spent(self) -> int:
        return max(0, self.placed - self.remaining)

    def ended(self, now: datetime) -> bool:
        return self.state != "OPEN" or self.expired(now)

    def expired(self, now: datetime) -> bool:
        return self.expires is not None and self.expires <= now

    def begun(self, now: datetime) -> bool:
        return self.starts is None or self.starts <= now

    def next_turn(self, now: datetime) -> datetime | None:
        """When money has to be moved next, if nothing is asked for until then."""
        turns = [at for at in (self.starts, self.expires) if at and at > now]
        return min(turns) if turns and self.state == "OPEN" else None


@dataclass(frozen=True)
class Move:
    """One change of the customer's balance for a wallet: `amount` is positive where it gives credit.

    `state` is the effect's; None while it was not begun.
    """

    number: int
    amount: int
    effect_id: str
    state: EffectState | None

    @property
    def open(self) -> bool:
        return self.state not in SETTLED


def sum_of(moves: Sequence[Move]) -> int:
    """What the moves that took place put at Stripe, all in all."""
    return sum(move.amount for move in moves if move.state == "DONE")


def is_credit(wallet_id: str) -> bool:
    """Whether it is the id of a credit wallet; others are payment methods."""
    return wallet_id.startswith(PREFIX)
