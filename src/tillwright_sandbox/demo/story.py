"""What happened at Northwind in the last eight months: who came, what they took, who paid, who did not.

The story is a diary of (moment, deed) in order of time; deeds act through the shop and may put later deeds into it.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from typing import Any

from ..behaviours.periods import boundary
from .catalogue import CODES, COUPONS, lookup_key, prices, products
from .people import Person, invent
from .shop import Shop

DAY = 86_400
SPAN = 240 * DAY
CUSTOMERS = 300
Deed = Callable[[], object]

# How a subscription turns out, by weight. The words are Stripe's statuses where the end is one.
FATES = (
    ("active", 150),
    ("annual", 34),
    ("trialing", 12),
    ("past_due", 14),
    ("canceled", 26),
    ("ending", 14),
    ("incomplete", 4),
    ("incomplete_expired", 4),
    ("paused", 5),
    ("recovered", 8),
    ("none", 29),
)
CARDS = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_visa_debit", "pm_card_discover")
FAILING = "pm_card_chargeCustomerFail"
# What a service bought once grants, as a shop may write it into a payment's metadata.
TERMS = {"onboarding": "P90D", "migration": "P30D", "training": "P1Y"}


class Story:
    """Deterministic by its dice: the same seed tells the same story, moved to end now."""

    def __init__(self, shop: Shop, dice: random.Random, now: int, customers: int = CUSTOMERS) -> None:
        self.shop, self.dice, self.now, self.customers = shop, dice, now, customers
        self.start = now - SPAN
        self.diary: list[tuple[int, int, Deed]] = []
        self.order = itertools.count()
        self.price_ids: dict[str, str] = {}
        self.code_ids: dict[str, str] = {}

    def at(self, moment: float, deed: Deed) -> None:
        """Notes a deed for a moment; what lies beyond now never happens."""
        if moment < self.now:
            heapq.heappush(self.diary, (int(moment), next(self.order), deed))

    def tell(self, say: Callable[[str], None]) -> None:
        self.at(self.start, self.open_shop)
        fates = self.fates()
        for number in range(1, self.customers + 1):
            person = invent(self.dice, number)
            # More come as time goes by.
            moment = self.start + DAY + int((SPAN - 2 * DAY) * self.dice.random() ** 0.8)
            fate = fates[number - 1]
            if fate == "trialing":
                moment = self.now - self.dice.randint(1, 12) * DAY
            elif fate == "past_due":
                # So that the renewal the card fails at lies a few days back.
                renewal = self.now - self.dice.randint(1, 10) * DAY
                moment = boundary(renewal, "month", 1, -self.dice.randint(1, 6))
            elif fate in ("canceled", "recovered", "paused", "incomplete_expired"):
                moment = min(moment, self.now - 50 * DAY)
            elif fate == "incomplete":
                moment = self.now - self.dice.randint(2, 18) * 3600
            self.at(moment, lambda p=person, f=fate, m=moment: self.arrive(p, f, m))
        told = 0
        while self.diary:
            moment, _, deed = heapq.heappop(self.diary)
            self.shop.go_to(moment)
            deed()
            told += 1
            if told % 400 == 0:
                say(f"demo data: {100 * (moment - self.start) // SPAN} % of the story told")
        self.shop.go_to(self.now)

    def fates(self) -> list[str]:
        drawn = [fate for fate, weight in FATES for _ in range(weight)]
        self.dice.shuffle(drawn)
        return drawn[: self.customers]

    # --- the deeds -------------------------------------------------------------------------------------------------

    def open_shop(self) -> None:
        for row in products():
            self.shop.do("PostProducts", row)
        for row in prices():
            self.price_ids[row["lookup_key"]] = self.shop.do("PostPrices", row)["id"]
        for row in COUPONS:
            self.shop.do("PostCoupons", row)
        for row in CODES:
            rest = {name: value for name, value in row.items() if name != "coupon"}
            code = self.shop.do(
                "PostPromotionCodes", {"promotion": {"type": "coupon", "coupon": row["coupon"]}, **rest}
            )
            self.code_ids[row["code"]] = code["id"]

    def arrive(self, person: Person, fate: str, moment: int) -> None:
        params = dict(person.params)
        customer = self.shop.do("PostCustomers", params)["id"]
        if fate == "none":
            self.one_off(customer, person, moment)
            return
        if fate != "paused":
            self.give_card(customer, FAILING if fate.startswith("incomplete") else self.dice.choice(CARDS))
        self.subscribe(customer, person, fate, moment)
        if self.dice.random() < 0.28:
            later = moment + self.dice.randint(1, 90) * DAY
            self.at(later, lambda: self.one_off(customer, person, later))

    def give_card(self, customer: str, card: str) -> None:
        method = self.shop.do("PostPaymentMethodsPaymentMethodAttach", {"customer": customer}, payment_method=card)
        self.shop.do(
            "PostCustomersCustomer", {"invoice_settings": {"default_payment_method": method["id"]}}, customer=customer
        )

    def subscribe(self, customer: str, person: Person, fate: str, moment: int) -> None:
        plan = self.dice.choices(["starter", "team", "business", "scale"], [40, 34, 20, 6])[0]
        interval = "year" if fate == "annual" else "month"
        items: list[dict[str, Any]] = [{"price": self.price_ids[lookup_key(plan, person.currency, interval)]}]
        if plan == "team":
            items[0]["quantity"] = self.dice.randint(2, 24)
        if interval == "month" and self.dice.random() < 0.22:
            addon = self.dice.choice(["storage", "support"])
            items.append({"price": self.price_ids[lookup_key(addon, person.currency, "month")]})
        params: dict[str, Any] = {"customer": customer, "items": items, "metadata": {"plan": plan}}
        discount = self.discount(person)
        if discount:
            params["discounts"] = [discount]
        if fate == "trialing":
            params["trial_period_days"] = 14
        elif fate == "paused":
            params["trial_period_days"] = 14
            params["trial_settings"] = {"end_behavior": {"missing_payment_method": "pause"}}
        elif fate.startswith("incomplete"):
            params["payment_behavior"] = "allow_incomplete"
        subscription = self.shop.do("PostSubscriptions", params)["id"]
        self.unfold(subscription, customer, fate, moment)

    def discount(self, person: Person) -> dict[str, str] | None:
        roll = self.dice.random()
        if roll < 0.10:
            return {"promotion_code": self.code_ids["WELCOME10"]}
        if roll < 0.16:
            return {"promotion_code": self.code_ids["SUMMER25"]}
        if roll < 0.20:
            return {"promotion_code": self.code_ids["PODCAST"]}
        if roll < 0.24 and self.shop.redeemable("promotion_code", self.code_ids["EARLYBIRD"]):
            return {"promotion_code": self.code_ids["EARLYBIRD"]}
        if roll < 0.27 and person.currency == "usd":
            return {"coupon": "TWENTYOFF"}
        if roll < 0.30:
            return {"coupon": "NONPROFIT"}
        return None

    def unfold(self, subscription: str, customer: str, fate: str, moment: int) -> None:
        """What becomes of a subscription after its first day."""
        if fate == "past_due":
            # The card goes bad before the renewal that is still being dunned today.
            self.at(self.now - 13 * DAY, lambda: self.give_card(customer, FAILING))
        elif fate == "recovered":
            self.at(moment + 20 * DAY, lambda: self.give_card(customer, FAILING))
            self.at(moment + 33 * DAY, lambda: self.recover(subscription, customer))
        elif fate == "canceled":
            later = moment + self.dice.randint(20, 45) * DAY
            self.at(later, lambda: self.cancel(subscription))
        elif fate == "ending":
            self.at(self.now - self.dice.randint(1, 12) * DAY, lambda: self.end_at_period(subscription))
        elif fate == "active" and self.dice.random() < 0.14:
            later = moment + (self.now - moment) * self.dice.random()
            self.at(later, lambda: self.refund_last(customer))

    def recover(self, subscription: str, customer: str) -> None:
        """A new card, and the open invoice paid with it."""
        self.give_card(customer, "pm_card_visa")
        invoice = self.shop.newest("invoice", customer=customer, status="open")
        if invoice is not None:
            self.shop.do("PostInvoicesInvoicePay", {}, invoice=invoice["id"])

    def cancel(self, subscription: str) -> None:
        feedback = self.dice.choice(["too_expensive", "missing_features", "switched_service", "unused", "other"])
        params = {"cancellation_details": {"feedback": feedback}}
        self.shop.do("DeleteSubscriptionsSubscriptionExposedId", params, subscription_exposed_id=subscription)

    def end_at_period(self, subscription: str) -> None:
        self.shop.do(
            "PostSubscriptionsSubscriptionExposedId",
            {"cancel_at_period_end": True},
            subscription_exposed_id=subscription,
        )

    def one_off(self, customer: str, person: Person, moment: int) -> None:
        """A service bought once: paid, refunded in part, disputed, or declined."""
        item = self.dice.choice(["onboarding", "migration", "training"])
        price = self.price_ids[lookup_key(item, person.currency, None)]
        amount = self.shop.get("price", price)["unit_amount"]
        card = self.dice.choices(
            [*CARDS, "pm_card_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds", "pm_card_createDispute"],
            [14, 10, 5, 4, 2, 5, 4, 3],
        )[0]
        intent = self.shop.try_to(
            "PostPaymentIntents",
            {
                "amount": amount,
                "currency": person.currency,
                "customer": customer,
                "description": f"{item.capitalize()}, one-off",
                "payment_method": card,
                "payment_method_types": ["card"],
                "confirm": True,
                "metadata": {"item": item, "entitlement_term": TERMS[item]},
            },
        )
        if intent and card in CARDS and self.dice.random() < 0.16:
            part = amount if self.dice.random() < 0.5 else amount // 400 * 100
            later = moment + self.dice.randint(1, 20) * DAY
            reason = self.dice.choice(["requested_by_customer", "duplicate"])
            params = {"payment_intent": intent["id"], "amount": part, "reason": reason}
            self.at(later, lambda: self.shop.try_to("PostRefunds", params))

    def refund_last(self, customer: str) -> None:
        charge = self.shop.newest("charge", customer=customer, status="succeeded")
        if charge is not None and not charge["refunded"]:
            self.shop.try_to("PostRefunds", {"charge": charge["id"], "reason": "requested_by_customer"})
