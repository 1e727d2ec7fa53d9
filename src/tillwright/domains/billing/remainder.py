"""What remains of a charge to be refunded, and which requests take from it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tillwright.domains.billing.model import Effect
from tillwright.domains.billing.reading import text_of
from tillwright.kit import money

_OF_CHARGE = re.compile(r"/v1/charges/([^/]+)/refunds?")


@dataclass(frozen=True)
class Taking:
    """A request that refunds: of which charge, or of which payment intent's; `amount` in minor units, None for all."""

    charge: str
    payment_intent: str
    amount: int | None


@dataclass(frozen=True)
class Verdict:
    """`amount` in minor units: what is refunded, and what remained where it is refused; 0 if nothing remains."""

    state: Literal["refund", "nothing", "refused", "busy"]
    amount: int = 0
    code: str = ""
    sentence: str = ""


def taking(path: str, params: Mapping[str, Any]) -> Taking | None:
    """What a write takes from a charge; None for a write that refunds none."""
    inside = _OF_CHARGE.fullmatch(path)
    if path != "/v1/refunds" and inside is None:
        return None
    amount = params.get("amount")
    return Taking(
        inside[1] if inside else text_of(params, "charge"),
        text_of(params, "payment_intent"),
        int(amount) if isinstance(amount, int | str) and str(amount).isdecimal() else None,
    )


def promised(charge: Mapping[str, Any], effects: Iterable[Effect]) -> int:
    """Minor units of a charge that writes of open outcome may have taken, or may take yet."""
    intent, whole = text_of(charge, "payment_intent"), int(charge["amount"])
    found = 0
    for effect in effects:
        one = taking(effect.path, effect.params)
        if one and (one.charge == charge["id"] if one.charge else intent and one.payment_intent == intent):
            found += whole if one.amount is None else one.amount
    return found


def partly_captured(charge: Mapping[str, Any]) -> bool:
    """Whether less was captured than authorised: the charge then may count what was let go as refunded, or not."""
    captured = charge.get("amount_captured")
    return bool(charge.get("captured", True)) and captured is not None and int(captured) < int(charge["amount"])


def given_back(refunds: Iterable[Mapping[str, Any]]) -> int:
    """Minor units that a charge's refunds gave back, or are about to."""
    return sum(
        int(refund.get("amount") or 0) for refund in refunds if refund.get("status") not in ("failed", "canceled")
    )


def judge(
    charge: Mapping[str, Any], wanted: int | None, *, exact: bool = False, promised: int = 0, given: int | None = None
) -> Verdict:
    """What can be refunded of a charge as Stripe shows it.

    Args:
        wanted: in minor units; all that remains if None.
        exact: all of it or nothing, and whether the charge is in a state for it is left to Stripe; else at most what
            remains.
        promised: what others may have taken without the charge showing it yet.
        given: what its refunds sum to, where that was looked up; else what the charge says of them.
    """
    if not exact and charge.get("disputed"):
        return Verdict("refused", code="charge_disputed", sentence="The charge is disputed; the bank decides now.")
    if not exact and (not charge.get("paid") or not charge.get("captured", True)):
        return Verdict("refused", code="charge_not_paid", sentence="The charge was not paid; cancel it instead.")
    refunded = int(charge.get("amount_refunded") or 0)
    remains = int(charge["amount"]) - refunded
    if partly_captured(charge):
        remains = min(remains, int(charge["amount_captured"]) - (refunded if given is None else given))
    if remains <= 0:
        sentence = "Nothing of the charge remains to be refunded."
        return (
            Verdict("refused", 0, "refund_above_remainder", sentence) if exact else Verdict("nothing", 0, "", sentence)
        )
    if promised and (wanted is None or wanted > remains - promised):
        return Verdict("busy", sentence="Whether an earlier refund of this charge took place is not known yet.")
    if exact and wanted is not None and wanted > remains:
        currency = str(charge.get("currency") or "")
        sentence = f"{money.show(wanted, currency)} is more than the {money.show(remains, currency)} that remain."
        return Verdict("refused", remains, code="refund_above_remainder", sentence=sentence)
    return Verdict("refund", remains if wanted is None else min(wanted, remains))
