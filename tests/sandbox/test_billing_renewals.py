"""What time does: renewals, retries of a failing card, test clocks, and the months' uneven lengths."""

from datetime import UTC, datetime

import pytest
import stripe

from tests.sandbox.shop import DAY, Shop, valid
from tillwright_sandbox.behaviours import periods, renewals


@pytest.fixture
def shop(sandbox):
    return Shop(sandbox)


def moment(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def failing_later(shop):
    """Subscribed with a card that works; from now on the card fails."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    method = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    return made


@pytest.mark.parametrize(
    ("anchor", "at", "interval", "count", "end"),
    [
        ("2026-01-31", "2026-01-31", "month", 1, "2026-02-28"),
        ("2026-01-31", "2026-02-28", "month", 1, "2026-03-31"),
        ("2028-02-29", "2028-02-29", "year", 1, "2029-02-28"),
        ("2028-02-29", "2031-03-01", "year", 1, "2032-02-29"),
        ("2026-01-10", "2026-01-10", "week", 2, "2026-01-24"),
        ("2026-06-15", "2026-01-01", "month", 3, "2026-03-15"),
        ("2026-01-01", "2029-12-31", "day", 7, "2030-01-03"),
    ],
)
def test_period_ends_are_counted_from_the_anchor(anchor, at, interval, count, end):
    assert periods.next_boundary(moment(anchor), interval, count, moment(at)) == moment(end)


def test_a_renewal_is_drafted_then_finalised_and_paid_an_hour_later(shop):
    made = shop.subscribe(shop.customer(), shop.price())
    old = made["items"].data[0]
    left = old.current_period_end - shop.sandbox.world.clock.now()
    shop.pass_days((left + 60) / DAY)
    draft = valid(shop.v1.invoices.list({"subscription": made.id}).data[0])
    assert (draft.status, draft.billing_reason, draft.created) == (
        "draft",
        "subscription_cycle",
        old.current_period_end,
    )
    shop.pass_days(2 / 24)
    paid = valid(shop.v1.invoices.retrieve(draft.id))
    assert (paid.status, paid.amount_paid) == ("paid", 2000)
    assert paid.status_transitions.paid_at == old.current_period_end + 3600
    assert shop.events("invoice.paid")[-1].data.object.id == draft.id
    now = shop.v1.subscriptions.retrieve(made.id)["items"].data[0]
    assert now.current_period_start == old.current_period_end
    assert "customer.subscription.updated" in shop.told("customer.subscription")


def test_a_year_passes_in_one_step_with_every_renewal_in_it(shop):
    made = shop.subscribe(shop.customer(), shop.price())
    shop.pass_days(366)
    invoices = list(shop.v1.invoices.list({"subscription": made.id, "limit": 100}).auto_paging_iter())
    assert len(invoices) == 13
    assert {one.status for one in invoices} == {"paid"}
    assert len({one.number for one in invoices}) == 13
    days = [one.period_end - one.period_start for one in invoices[:-1]]
    assert all(28 * DAY <= span <= 31 * DAY for span in days)


@pytest.mark.parametrize(("after", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")])
def test_a_failing_renewal_is_retried_then_given_up(shop, after, status):
    shop.sandbox.world.accounts[shop.sandbox.account].details["after_retries"] = after
    made = failing_later(shop)
    end = made["items"].data[0].current_period_end
    shop.pass_days((end - shop.sandbox.world.clock.now()) / DAY + 0.1)
    late = shop.v1.subscriptions.retrieve(made.id)
    invoice = valid(shop.v1.invoices.retrieve(late.latest_invoice))
    assert (late.status, invoice.status, invoice.attempt_count) == ("past_due", "open", 1)
    assert invoice.next_payment_attempt == invoice.status_transitions.finalized_at + 3 * DAY
    shop.pass_days(3)
    assert shop.v1.invoices.retrieve(invoice.id).attempt_count == 2
    shop.pass_days(13)
    over = valid(shop.v1.subscriptions.retrieve(made.id))
    final = shop.v1.invoices.retrieve(invoice.id)
    assert (over.status, final.attempt_count, final.next_payment_attempt) == (status, 4, None)
    assert len(shop.events("invoice.payment_failed")) == 4
    charges = shop.v1.charges.list({"customer": made.customer}).data
    tried = {one.created for one in charges if one.status == "failed"}
    assert tried == {end + 3600 + days * DAY for days in (0, 3, 8, 15)}
    if status == "canceled":
        assert over.cancellation_details.reason == "payment_failed"


def test_a_late_subscription_is_healed_by_paying(shop):
    made = failing_later(shop)
    shop.pass_days(32)
    late = shop.v1.subscriptions.retrieve(made.id)
    assert late.status == "past_due"
    method = shop.v1.payment_methods.attach("pm_card_visa", {"customer": made.customer})
    shop.v1.invoices.pay(late.latest_invoice, {"payment_method": method.id})
    assert shop.v1.subscriptions.retrieve(made.id).status == "active"
    assert shop.v1.invoices.retrieve(late.latest_invoice).next_payment_attempt is None


def test_a_test_clock_moves_only_its_own_customers(shop):
    start = shop.sandbox.world.clock.now()
    clock = valid(shop.v1.test_helpers.test_clocks.create({"frozen_time": start, "name": "Year"}))
    price = shop.price()
    mine = shop.subscribe(shop.customer(test_clock=clock.id), price)
    other = shop.subscribe(shop.customer(), price)
    assert (mine.test_clock, other.test_clock) == (clock.id, None)
    moving = valid(shop.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": start + 65 * DAY}))
    assert moving.status == "advancing"
    ready = valid(shop.v1.test_helpers.test_clocks.retrieve(clock.id))
    assert (ready.status, ready.frozen_time) == ("ready", start + 65 * DAY)
    assert len(shop.v1.invoices.list({"subscription": mine.id}).data) == 3
    assert len(shop.v1.invoices.list({"subscription": other.id}).data) == 1
    shop.pass_days(40)
    assert len(shop.v1.invoices.list({"subscription": mine.id}).data) == 3
    assert len(shop.v1.invoices.list({"subscription": other.id}).data) == 2
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": start})
    valid(shop.v1.test_helpers.test_clocks.delete(clock.id), "deleted_test_helpers.test_clock")
    assert shop.v1.customers.retrieve(mine.customer).deleted is True


def test_metered_use_is_billed_after_the_period(shop):
    meter = valid(
        shop.v1.billing.meters.create(
            {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
        )
    )
    price = shop.price(7, recurring={"interval": "month", "usage_type": "metered", "meter": meter.id})
    customer = shop.customer()
    made = shop.subscribe(customer, price, expand=["latest_invoice"])
    assert (made.latest_invoice.total, "quantity" in made["items"].data[0]) == (0, False)
    shop.pass_days(1)
    for value in (100, 250):
        payload = {"stripe_customer_id": customer.id, "value": str(value)}
        valid(shop.v1.billing.meter_events.create({"event_name": "calls", "payload": payload}))
    now = shop.sandbox.world.clock.now()
    span = {"customer": customer.id, "start_time": now - DAY, "end_time": now + DAY}
    rows = shop.v1.billing.meters.event_summaries.list(meter.id, span).data
    assert [valid(row).aggregated_value for row in rows] == [350]
    shop.pass_days(31)
    newest = shop.v1.invoices.list({"subscription": made.id}).data[0]
    assert (newest.total, newest.lines.data[0].quantity) == (2450, 350)


def test_what_a_deleted_customer_left_behind_stops_nothing(shop):
    customer = shop.customer()
    left = shop.v1.invoices.create({"customer": customer.id, "auto_advance": True})
    shop.v1.customers.delete(customer.id)
    other = shop.subscribe(shop.customer(), shop.price())
    shop.pass_days(32)
    assert shop.v1.invoices.retrieve(left.id).status == "draft"
    assert len(shop.v1.invoices.list({"subscription": other.id}).data) == 2


def test_nothing_new_is_looked_for_while_nothing_changed(shop, monkeypatch):
    made = shop.subscribe(shop.customer(), shop.price())
    shop.pass_days(1)
    looked = []
    monkeypatch.setattr(renewals, "_earliest", lambda *_: looked.append(1) or renewals.NEVER)
    for _ in range(5):
        shop.pass_days(0.5)
    assert looked == []
    shop.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    shop.pass_days(0.5)
    assert looked == [1]


def test_a_detached_method_does_not_pay(shop):
    customer = shop.customer(None)
    method = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    made = shop.subscribe(customer, shop.price(), default_payment_method=method.id)
    shop.v1.payment_methods.detach(method.id)
    shop.pass_days(32)
    late = shop.v1.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert (late.status, late.latest_invoice.status, late.latest_invoice.attempt_count) == ("past_due", "open", 1)


def test_an_invoice_no_charge_can_have_stays_a_draft_and_time_goes_on(shop):
    customer = shop.customer()
    made = shop.v1.invoices.create({"customer": customer.id, "currency": "kwd", "auto_advance": True})
    entry = {"customer": customer.id, "invoice": made.id, "amount": 10_001, "currency": "kwd"}
    shop.v1.invoice_items.create(entry)
    shop.pass_days(1)
    stuck = valid(shop.v1.invoices.retrieve(made.id))
    assert (stuck.status, stuck.auto_advance) == ("draft", False)
    assert "must end in 0" in stuck.last_finalization_error.message
    assert "invoice.finalization_failed" in shop.told("invoice")
