"""Invoices of one's own: drafts, lines, numbering, balance, void, write-off, revisions, previews, credit notes."""

import pytest
import stripe

from tests.sandbox.shop import Shop, valid


@pytest.fixture
def shop(sandbox):
    return Shop(sandbox)


def draft(shop, customer, *amounts, **more):
    invoice = valid(shop.v1.invoices.create({"customer": customer.id, "currency": "usd", **more}))
    for amount in amounts:
        entry = {"customer": customer.id, "invoice": invoice.id, "amount": amount, "currency": "usd"}
        valid(shop.v1.invoice_items.create({**entry, "description": f"Work {amount}"}))
    return invoice


def test_from_draft_to_paid(shop):
    customer = shop.customer()
    invoice = draft(shop, customer, 1200, 800)
    assert (invoice.status, invoice.number, invoice.billing_reason) == ("draft", None, "manual")
    opened = valid(shop.v1.invoices.finalize_invoice(invoice.id, {"expand": ["payments"]}))
    assert (opened.status, opened.amount_due, opened.total) == ("open", 2000, 2000)
    assert opened.hosted_invoice_url
    assert opened.number == f"{shop.v1.customers.retrieve(customer.id).invoice_prefix}-0001"
    assert opened.payments.data[0].status == "open"
    paid = valid(shop.v1.invoices.pay(invoice.id))
    assert (paid.status, paid.amount_paid) == ("paid", 2000)
    listed = valid(shop.v1.invoice_payments.list({"invoice": invoice.id}).data[0])
    assert (listed.status, listed.amount_paid) == ("paid", 2000)
    charge = shop.v1.charges.list({"customer": customer.id}).data[0]
    assert (charge.amount, charge.paid, charge.payment_intent) == (2000, True, listed.payment.payment_intent)
    again = draft(shop, customer, 500)
    assert shop.v1.invoices.finalize_invoice(again.id).number.endswith("-0002")


def test_pending_items_come_along_only_when_asked(shop):
    customer = shop.customer()
    item = valid(shop.v1.invoice_items.create({"customer": customer.id, "amount": 700, "currency": "usd"}))
    assert item.invoice is None
    alone = shop.v1.invoices.create({"customer": customer.id})
    assert alone.total == 0
    taken = valid(shop.v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"}))
    assert (taken.total, taken.lines.data[0].parent.invoice_item_details.invoice_item) == (700, item.id)
    assert shop.v1.invoice_items.retrieve(item.id).invoice == taken.id


def test_a_list_of_lines_shows_ten_and_pages_on(shop):
    invoice = draft(shop, shop.customer(), *range(101, 126))
    shown = valid(shop.v1.invoices.retrieve(invoice.id))
    assert (len(shown.lines.data), shown.lines.has_more) == (10, True)
    assert shown.total == sum(range(101, 126))
    lines = list(shop.v1.invoices.line_items.list(invoice.id, {"limit": 7}).auto_paging_iter())
    assert len({one.id for one in lines}) == 25


def test_lines_are_added_changed_and_taken_off(shop):
    customer = shop.customer()
    invoice = draft(shop, customer, 1000)
    price = shop.price(250, recurring=None)
    lines = [{"amount": 300, "description": "Extra"}, {"pricing": {"price": price.id}, "quantity": 2}]
    added = valid(shop.v1.invoices.add_lines(invoice.id, {"lines": lines}))
    assert added.total == 1800
    extra = next(line for line in added.lines.data if line.description == "Extra")
    changed = valid(
        shop.v1.invoices.update_lines(invoice.id, {"lines": [{"id": extra.id, "amount": 400, "description": "More"}]})
    )
    assert changed.total == 1900
    one = valid(shop.v1.invoices.line_items.update(invoice.id, extra.id, {"description": "Most"}))
    assert (one.description, one.amount) == ("Most", 400)
    kept = [{"id": extra.id, "behavior": "unassign"}]
    assert valid(shop.v1.invoices.remove_lines(invoice.id, {"lines": kept})).total == 1500
    assert [item.amount for item in shop.v1.invoice_items.list({"pending": True}).data] == [400]
    item = shop.v1.invoice_items.list({"invoice": invoice.id}).data[-1]
    valid(shop.v1.invoice_items.update(item.id, {"amount": 900}))
    assert shop.v1.invoices.retrieve(invoice.id).total == 1400
    valid(shop.v1.invoice_items.delete(item.id), "deleted_invoiceitem")
    assert shop.v1.invoices.retrieve(invoice.id).total == 500


def test_a_finalised_invoice_is_fixed(shop):
    customer = shop.customer()
    invoice = draft(shop, customer, 1000)
    shop.v1.invoices.finalize_invoice(invoice.id)
    for attempt in (
        lambda: shop.v1.invoices.finalize_invoice(invoice.id),
        lambda: shop.v1.invoices.delete(invoice.id),
        lambda: draft_item(shop, customer, invoice),
        lambda: shop.v1.invoices.update(invoice.id, {"discounts": ""}),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            attempt()
    noted = shop.v1.invoices.update(invoice.id, {"metadata": {"k": "v"}})
    assert noted.metadata["k"] == "v"


def draft_item(shop, customer, invoice):
    shop.v1.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 1, "currency": "usd"})


def test_void_write_off_send_and_delete(shop):
    customer = shop.customer()
    one, two, three, four = (draft(shop, customer, 1000) for _ in range(4))
    valid(shop.v1.invoices.finalize_invoice(one.id))
    gone = valid(shop.v1.invoices.void_invoice(one.id, {"expand": ["payments"]}))
    assert (gone.status, gone.payments.data[0].status) == ("void", "canceled")
    intent = shop.v1.payment_intents.retrieve(gone.payments.data[0].payment.payment_intent)
    assert intent.status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.invoices.pay(one.id)
    shop.v1.invoices.finalize_invoice(two.id)
    lost = valid(shop.v1.invoices.mark_uncollectible(two.id))
    assert lost.status == "uncollectible"
    assert shop.v1.invoices.pay(two.id).status == "paid"
    assert valid(shop.v1.invoices.send_invoice(three.id)).status == "open"
    assert valid(shop.v1.invoices.delete(four.id), "deleted_invoice").deleted is True
    wanted = {"invoice.voided", "invoice.marked_uncollectible", "invoice.sent", "invoice.deleted", "invoice.paid"}
    assert wanted <= set(shop.told("invoice"))


def test_credit_on_the_balance_pays_first(shop):
    customer = shop.customer(balance=-1500)
    invoice = draft(shop, customer, 2000)
    opened = valid(shop.v1.invoices.finalize_invoice(invoice.id))
    assert (opened.starting_balance, opened.ending_balance, opened.amount_due) == (-1500, 0, 500)
    assert shop.v1.customers.retrieve(customer.id).balance == 0
    kinds = [one.type for one in shop.v1.customers.balance_transactions.list(customer.id).data]
    assert kinds == ["applied_to_invoice", "initial"]
    shop.v1.invoices.void_invoice(invoice.id)
    assert shop.v1.customers.retrieve(customer.id).balance == -1500


def test_what_is_too_little_to_charge_waits_on_the_balance(shop):
    customer = shop.customer()
    invoice = draft(shop, customer, 30)
    settled = valid(shop.v1.invoices.finalize_invoice(invoice.id))
    assert (settled.status, settled.amount_due, settled.ending_balance) == ("paid", 0, 30)
    assert shop.v1.customers.retrieve(customer.id).balance == 30


def test_a_revision_voids_what_it_revises(shop):
    customer = shop.customer()
    first = draft(shop, customer, 1000)
    shop.v1.invoices.finalize_invoice(first.id)
    second = valid(shop.v1.invoices.create({"from_invoice": {"action": "revision", "invoice": first.id}}))
    assert (second.total, second.from_invoice.invoice) == (1000, first.id)
    shop.v1.invoices.finalize_invoice(second.id)
    old = valid(shop.v1.invoices.retrieve(first.id))
    assert (old.status, old.latest_revision) == ("void", second.id)


def test_an_intent_of_ones_own_pays_an_invoice(shop):
    customer = shop.customer()
    invoice = draft(shop, customer, 1000)
    shop.v1.invoices.finalize_invoice(invoice.id)
    values = {"amount": 400, "currency": "usd", "customer": customer.id, "confirm": True}
    method = {"payment_method": customer.invoice_settings.default_payment_method, "off_session": True}
    intent = shop.v1.payment_intents.create({**values, **method})
    part = valid(shop.v1.invoices.attach_payment(invoice.id, {"payment_intent": intent.id}))
    assert (part.status, part.amount_paid, part.amount_remaining) == ("open", 400, 600)
    intent = shop.v1.payment_intents.create({**values, **method, "amount": 600})
    whole = valid(shop.v1.invoices.attach_payment(invoice.id, {"payment_intent": intent.id}))
    assert (whole.status, whole.amount_paid) == ("paid", 1000)


def test_an_automatic_invoice_advances_by_itself(shop):
    invoice = draft(shop, shop.customer(), 1000, auto_advance=True)
    shop.pass_days(0.1)
    assert shop.v1.invoices.retrieve(invoice.id).status == "paid"


def test_previews_leave_no_trace(shop):
    customer, price = shop.customer(), shop.price(1000)
    made = shop.subscribe(customer, price)
    before = (shop.told(), shop.v1.invoices.list().data, shop.v1.subscriptions.retrieve(made.id))
    item = made["items"].data[0]
    details = {"items": [{"id": item.id, "quantity": 3}], "proration_behavior": "always_invoice"}
    now = valid(shop.v1.invoices.create_preview({"subscription": made.id, "subscription_details": details}))
    assert (now.total, now.id.startswith("upcoming_in_"), len(now.lines.data)) == (2000, True, 2)
    coupon = shop.v1.coupons.create({"percent_off": 50})
    next_ = valid(shop.v1.invoices.create_preview({"subscription": made.id, "discounts": [{"coupon": coupon.id}]}))
    assert next_.total == 500
    assert shop.v1.coupons.retrieve(coupon.id).times_redeemed == 0
    fresh = {"customer": customer.id, "subscription_details": {"items": [{"price": price.id, "quantity": 2}]}}
    assert valid(shop.v1.invoices.create_preview(fresh)).total == 2000
    told = [one for one in shop.told() if not one.startswith("coupon")]
    assert (told, shop.v1.invoices.list().data, shop.v1.subscriptions.retrieve(made.id)) == before
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.invoices.create_preview({"customer": customer.id})
    assert refused.value.code == "invoice_upcoming_none"


def test_a_credit_note_lowers_an_open_invoice(shop):
    invoice = draft(shop, shop.customer(), 1000)
    shop.v1.invoices.finalize_invoice(invoice.id)
    note = valid(shop.v1.credit_notes.create({"invoice": invoice.id, "amount": 300, "reason": "order_change"}))
    assert (note.type, note.pre_payment_amount, note.status) == ("pre_payment", 300, "issued")
    lowered = valid(shop.v1.invoices.retrieve(invoice.id))
    assert (lowered.amount_remaining, lowered.pre_payment_credit_notes_amount) == (700, 300)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.credit_notes.create({"invoice": invoice.id, "amount": 701})
    assert valid(shop.v1.credit_notes.void_credit_note(note.id)).status == "void"
    assert shop.v1.invoices.retrieve(invoice.id).amount_remaining == 1000
    assert shop.told("credit_note") == ["credit_note.created", "credit_note.voided"]


def test_a_credit_note_gives_back_what_was_paid(shop):
    customer = shop.customer()
    invoice = draft(shop, customer, 1000)
    shop.v1.invoices.pay(invoice.id)
    line = shop.v1.invoices.retrieve(invoice.id).lines.data[0]
    lines = [{"type": "invoice_line_item", "invoice_line_item": line.id, "amount": 600}]
    entry = {"invoice": invoice.id, "lines": lines, "refund_amount": 400, "credit_amount": 200}
    assert valid(shop.v1.credit_notes.preview(entry)).total == 600
    note = valid(shop.v1.credit_notes.create(entry))
    assert (note.type, note.post_payment_amount) == ("post_payment", 600)
    refund = shop.v1.refunds.retrieve(note.refunds[0].refund)
    assert (refund.amount, refund.status) == (400, "succeeded")
    assert shop.v1.customers.retrieve(customer.id).balance == -200
    assert [valid(one).amount for one in shop.v1.credit_notes.line_items.list(note.id).data] == [600]
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.credit_notes.create({"invoice": invoice.id, "amount": 100, "refund_amount": 50})
