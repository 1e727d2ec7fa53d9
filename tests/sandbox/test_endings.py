"""How trials and schedules end where nobody pays, and what is told before and after."""

from tests.sandbox.shop import DAY, Shop, valid


def scheduled(shop: Shop, customer, price, **more):
    phases = [{"items": [{"price": price.id}], "duration": {"interval": "month", "interval_count": 1}}]
    return valid(
        shop.v1.subscription_schedules.create({"customer": customer.id, "phases": phases, "start_date": "now", **more})
    )


def test_a_trial_ended_at_once_without_a_way_to_pay_pauses(sandbox):
    shop = Shop(sandbox)
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    made = shop.subscribe(shop.customer(card=None), shop.price(), trial_period_days=7, trial_settings=settings)
    assert made.status == "trialing"
    paused = valid(shop.v1.subscriptions.update(made.id, {"trial_end": "now"}))
    assert paused.status == "paused"
    assert "customer.subscription.paused" in shop.told("customer.subscription")


def test_the_end_of_a_schedule_is_told_seven_days_before_once(sandbox):
    shop = Shop(sandbox)
    schedule = scheduled(shop, shop.customer(), shop.price(), end_behavior="cancel")
    end = schedule.phases[0].end_date
    sandbox.world.clock.set(end - 8 * DAY)
    assert "subscription_schedule.expiring" not in shop.told("subscription_schedule")
    sandbox.world.clock.set(end - 6 * DAY)
    sandbox.world.clock.set(end + DAY)
    told = shop.told("subscription_schedule")
    assert told.count("subscription_schedule.expiring") == 1
    assert told.index("subscription_schedule.expiring") < told.index("subscription_schedule.completed")


def test_a_released_schedule_is_complete_too(sandbox):
    shop = Shop(sandbox)
    schedule = scheduled(shop, shop.customer(), shop.price())
    sandbox.world.clock.set(schedule.phases[0].end_date + DAY)
    assert {"subscription_schedule.released", "subscription_schedule.completed"} <= set(
        shop.told("subscription_schedule")
    )


def test_a_schedule_begins_without_a_payment_method_and_falls_behind(sandbox):
    shop = Shop(sandbox)
    schedule = scheduled(shop, shop.customer(card=None), shop.price())
    assert shop.v1.subscriptions.retrieve(schedule.subscription).status == "active"
    shop.pass_days(0.2)
    invoice = shop.v1.invoices.list({"subscription": schedule.subscription}).data[0]
    assert invoice.status == "open"
    assert "invoice.payment_failed" in shop.told("invoice")


def test_a_schedule_whose_subscription_is_not_paid_is_aborted(sandbox):
    shop = Shop(sandbox)
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    schedule = shop.v1.subscription_schedules.create({"from_subscription": made.id})
    bad = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    phase = schedule.phases[0]
    shop.v1.subscription_schedules.update(
        schedule.id,
        {
            "phases": [
                {
                    "items": [{"price": phase["items"][0].price}],
                    "start_date": phase.start_date,
                    "duration": {"interval": "year", "interval_count": 1},
                }
            ]
        },
    )
    for _ in range(10):
        shop.pass_days(6)
    assert shop.v1.subscriptions.retrieve(made.id).status == "canceled"
    assert valid(shop.v1.subscription_schedules.retrieve(schedule.id)).status == "canceled"
    assert "subscription_schedule.aborted" in shop.told("subscription_schedule")


def test_authentication_asked_for_off_session_is_told(sandbox):
    shop = Shop(sandbox)
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    card = shop.v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    shop.pass_days(32)
    assert shop.v1.subscriptions.retrieve(made.id).status == "past_due"
    assert {"invoice.payment_action_required", "invoice.payment_failed"} <= set(shop.told("invoice"))
