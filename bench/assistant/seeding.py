"""Puts books into a sandbox as Stripe's objects."""

from __future__ import annotations

from typing import Any

from bench.assistant.books import Books, Subscription
from tillwright_sandbox.objects import Objects
from tillwright_sandbox.world import World


def put(world: World, books: Books, *, livemode: bool = False) -> Objects:
    """The account with all its objects in one mode."""
    profile = books.profile
    account = world.accounts.get(profile.account) or world.add_account(profile.account, profile.name)
    store = account.objects(livemode)
    for rows in (_people(books), _shelf(books), _subscriptions(books), _invoices(books), _payments(books)):
        for row in rows:
            store.insert(row | {"livemode": livemode})
    for customer in books.customers:
        if customer.deleted:
            store.delete("customer", customer.id)
    for currency, net in books.balance.items():
        row = {"object": "balance_transaction", "id": f"txn_{profile.prefix}{currency}", "currency": currency}
        store.insert(
            row | {"net": net, "amount": net, "fee": 0, "status": "available", "available_on": 1, "created": 1}
        )
    return store


def _people(books: Books) -> list[dict[str, Any]]:
    return [
        {
            "object": "customer", "id": c.id, "name": c.name, "email": c.email, "description": c.description,
            "created": c.created, "address": {"country": c.country, "city": None, "line1": None, "line2": None,
            "postal_code": None, "state": None}, "balance": 0, "currency": None, "delinquent": False, "phone": None,
            "metadata": {"note": c.description} if c.description else {},
        }
        for c in books.customers
    ]  # fmt: skip


def _price(price: Any) -> dict[str, Any]:
    recurring = None
    if price.interval:
        usage = "metered" if price.metered else "licensed"
        recurring = {"interval": price.interval, "interval_count": price.count, "usage_type": usage, "meter": None}
    return {
        "object": "price", "id": price.id, "product": price.product, "currency": price.currency, "active": True,
        "unit_amount": price.amount, "unit_amount_decimal": str(price.amount), "recurring": recurring, "created": 1,
        "type": "recurring" if recurring else "one_time", "nickname": None, "metadata": {},
    }  # fmt: skip


def _shelf(books: Books) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "object": "product",
            "id": id_,
            "name": name,
            "active": active,
            "description": None,
            "created": 1,
            "metadata": {},
        }
        for id_, name, active in books.products
    ]
    rows += [_price(price) for price in books.prices]
    rows += [
        {"object": "coupon", "id": id_, "name": name, "valid": valid, "percent_off": 10.0, "duration": "once",
         "created": 1, "metadata": {}, "times_redeemed": 0, "redeem_by": None, "max_redemptions": None}
        for id_, name, valid in books.coupons
    ]  # fmt: skip
    rows += [
        {"object": "promotion_code", "id": id_, "code": code, "active": active, "created": 1, "metadata": {},
         "promotion": {"type": "coupon", "coupon": coupon}, "times_redeemed": 0, "expires_at": None,
         "max_redemptions": None, "customer": None, "restrictions": {}}
        for id_, code, coupon, active in books.promotion_codes
    ]  # fmt: skip
    return rows


def _items(sub: Subscription) -> dict[str, Any]:
    data = [
        {"object": "subscription_item", "id": f"si_{sub.id[4:]}_{n}", "price": _price(price), "quantity": quantity,
         "subscription": sub.id, "metadata": {}}
        for n, (price, quantity) in enumerate(sub.items)
    ]  # fmt: skip
    return {"object": "list", "data": data, "has_more": False, "url": "/v1/subscription_items"}


def _subscriptions(books: Books) -> list[dict[str, Any]]:
    return [
        {
            "object": "subscription", "id": s.id, "customer": s.customer, "status": s.status, "created": s.start,
            "start_date": s.start, "ended_at": s.ended, "cancel_at_period_end": s.cancel_at_period_end, "metadata": {},
            "currency": s.items[0][0].currency, "items": _items(s), "description": None,
        }
        for s in books.subscriptions
    ]  # fmt: skip


def _invoices(books: Books) -> list[dict[str, Any]]:
    names = {c.id: c.name for c in books.customers}
    rows: list[dict[str, Any]] = []
    for i in books.invoices:
        lines = [
            {"object": "line_item", "id": f"il_{i.id[3:]}_{n}", "amount": line.amount, "currency": i.currency,
             "description": "1 x Product", "invoice": i.id, "metadata": {},
             "pricing": {"type": "price_details", "price_details": {"product": line.product, "price": line.price}}}
            for n, line in enumerate(i.lines)
        ]  # fmt: skip
        rows.append(
            {
                "object": "invoice", "id": i.id, "number": i.number, "customer": i.customer, "currency": i.currency,
                "status": i.status, "total": i.total, "amount_due": i.total, "amount_remaining": i.remaining,
                "amount_paid": i.total - i.remaining if i.status in ("paid", "open") else 0, "created": i.created,
                "due_date": i.due, "customer_name": names[i.customer], "customer_email": None, "description": i.memo,
                "status_transitions": {"paid_at": i.paid_at}, "attempt_count": 1, "metadata": {},
                "billing_reason": "manual", "parent": None,
                "lines": {"object": "list", "data": lines, "has_more": False, "url": f"/v1/invoices/{i.id}/lines"},
            }
        )  # fmt: skip
        if i.intent:
            rows.append(
                {"object": "invoice_payment", "id": f"inpay_{i.id[3:]}", "invoice": i.id, "created": i.created,
                 "payment": {"type": "payment_intent", "payment_intent": i.intent}, "amount_paid": i.total,
                 "currency": i.currency, "status": "paid"}
            )  # fmt: skip
    return rows


def _payments(books: Books) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    latest = {c.intent: c for c in books.charges}
    for c in books.charges:
        good = c.status == "succeeded"
        rows.append(
            {
                "object": "charge", "id": c.id, "payment_intent": c.intent, "customer": c.customer, "amount": c.amount,
                "currency": c.currency, "status": c.status, "created": c.created, "captured": c.captured and good,
                "paid": good, "amount_captured": c.taken, "amount_refunded": c.refunded,
                "refunded": bool(c.taken) and c.refunded >= c.taken, "disputed": c.disputed,
                "description": c.description,
                "failure_code": c.failure, "failure_message": "Your card was declined." if c.failure else None,
                "billing_details": {"address": {"country": c.country}, "name": None, "email": None, "phone": None},
                "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242", "country": None}},
                "receipt_email": None, "metadata": {}, "outcome": None,
            }
        )  # fmt: skip
    for intent, c in latest.items():
        status = "succeeded" if c.status == "succeeded" else "requires_payment_method"
        rows.append(
            {"object": "payment_intent", "id": intent, "customer": c.customer, "amount": c.amount, "created": c.created,
             "currency": c.currency, "status": status if c.captured else "requires_capture", "latest_charge": c.id,
             "amount_received": c.taken, "description": c.description, "receipt_email": None, "metadata": {}}
        )  # fmt: skip
    rows += [
        {"object": "refund", "id": r.id, "charge": r.charge, "payment_intent": r.intent, "amount": r.amount,
         "currency": r.currency, "status": r.status, "reason": r.reason, "created": r.created, "metadata": {}}
        for r in books.refunds
    ]  # fmt: skip
    rows += [
        {"object": "dispute", "id": d.id, "charge": d.charge, "amount": d.amount, "currency": d.currency,
         "status": d.status, "reason": d.reason, "created": d.created, "metadata": {},
         "evidence_details": {"due_by": d.created + 604_800}}
        for d in books.disputes
    ]  # fmt: skip
    return rows
