"""What a change in mid-period costs: the unused time of the old given back, the remaining time of the new charged."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tillwright_sandbox.behaviours import invoice_items, invoice_lines
from tillwright_sandbox.behaviours.price_amounts import amount_of, share
from tillwright_sandbox.call import Call

Obj = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """How an item stood: its price, quantity and period (unix seconds)."""

    price: Obj
    quantity: int
    start: int
    end: int

    @property
    def amount(self) -> int:
        """A full period's cost; what is metered is paid by use, and never prorated."""
        return 0 if self.price["recurring"]["usage_type"] == "metered" else amount_of(self.price, self.quantity)


def held(call: Call, item: Obj) -> Held:
    price = call.objects.get("price", item["price"])
    return Held(price, item.get("quantity", 0), item["current_period_start"], item["current_period_end"])


def credit(call: Call, subscription: Obj, item: str, old: Held, at: int) -> None:
    """Give back what remains of a period that was paid for in advance."""
    _add(call, subscription, item, old, at, -share(old.amount, old.end - at, old.end - old.start), "Unused")


def charge(call: Call, subscription: Obj, item: str, new: Held, at: int, whole: int) -> None:
    """Charge what remains of the running period; `whole` is a full period's length in seconds."""
    _add(call, subscription, item, new, at, share(new.amount, new.end - at, whole), "Remaining")


def _add(call: Call, subscription: Obj, item: str, which: Held, at: int, amount: int, word: str) -> None:
    if amount == 0:
        return
    name = invoice_lines.product_name(call, which.price)
    many = f"{which.quantity} × " if which.quantity > 1 else ""
    day = datetime.fromtimestamp(at, UTC).strftime("%d %b %Y")
    invoice_items.make(
        call,
        customer=subscription["customer"],
        amount=amount,
        currency=subscription["currency"],
        description=f"{word} time on {many}{name} after {day}",
        discountable=False,
        parent={
            "type": "subscription_details",
            "subscription_details": {"subscription": subscription["id"], "subscription_item": item},
        },
        period={"start": at, "end": which.end},
        pricing=invoice_lines.pricing(which.price),
        proration=True,
        proration_details={"credited_items": None, "discount_amounts": []},
        quantity=max(which.quantity, 1),
    )
