"""What billing tests begin with: a price, customers whose cards work or fail, time that passes, events told."""

from __future__ import annotations

from typing import Any

from tests.sandbox.conftest import Sandbox, validate_answer

DAY = 86_400


def valid(obj: Any, schema_name: str | None = None) -> Any:
    """Asserts that an answer fits its schema, and gives it back."""
    return validate_answer(obj, schema_name)


class Shop:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.v1 = sandbox.client.v1

    def price(self, amount: int = 2000, currency: str = "usd", **more: Any) -> Any:
        """A monthly price of a product of its own, amounts in minor units."""
        recurring = more.pop("recurring", {"interval": "month"})
        values = {"currency": currency, "unit_amount": amount, "product_data": {"name": f"Plan {amount}"}, **more}
        if recurring:
            values["recurring"] = recurring
        return valid(self.v1.prices.create(values))

    def customer(self, card: str | None = "pm_card_visa", **more: Any) -> Any:
        """A customer, with the card as default unless None."""
        customer = self.v1.customers.create({"email": "buyer@example.com", "name": "Buyer", **more})
        if card:
            method = self.v1.payment_methods.attach(card, {"customer": customer.id})
            settings = {"invoice_settings": {"default_payment_method": method.id}}
            customer = self.v1.customers.update(customer.id, settings)
        return customer

    def subscribe(self, customer: Any, price: Any, **more: Any) -> Any:
        items = more.pop("items", None) or [{"price": price.id}]
        return valid(self.v1.subscriptions.create({"customer": customer.id, "items": items, **more}))

    def pass_days(self, days: float) -> None:
        self.sandbox.world.clock.advance(days * DAY)

    def events(self, *prefixes: str) -> list[Any]:
        """Told so far, oldest first; each checked against its schema and its object's."""
        found = [valid(one) for one in self.v1.events.list({"limit": 100}).auto_paging_iter()]
        mine = [one for one in found if not prefixes or one.type.startswith(prefixes)]
        return mine[::-1]

    def told(self, *prefixes: str) -> list[str]:
        return [one.type for one in self.events(*prefixes)]
