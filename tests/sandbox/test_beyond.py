"""What Stripe's own tools look for beyond the usual: the checkout page, a test authorization, redaction, reports,
and word of an account that left."""

import pytest
import stripe


def told(sandbox) -> list[str]:
    return [row.type for row in sandbox.client.v1.events.list({"limit": 100}).data]


def test_the_checkout_page_is_shown_and_paid(sandbox, validate):
    data = {"currency": "usd", "unit_amount": 1500, "product_data": {"name": "Tea"}}
    session = sandbox.client.v1.checkout.sessions.create(
        {"mode": "payment", "success_url": "https://example.com", "line_items": [{"price_data": data, "quantity": 2}]}
    )
    page = f"/v1/payment_pages/{session.id}"
    assert sandbox.http("GET", page).json()["amount_total"] == 3000
    stale = sandbox.http("POST", f"{page}/confirm", data={"payment_method": "pm_card_visa", "expected_amount": "1"})
    assert (stale.status_code, stale.json()["error"]["param"]) == (400, "expected_amount")
    paid = sandbox.http("POST", f"{page}/confirm", data={"payment_method": "pm_card_visa", "expected_amount": "3000"})
    assert (paid.json()["status"], paid.json()["payment_status"]) == ("complete", "paid")
    validate(sandbox.client.v1.checkout.sessions.retrieve(session.id))
    assert "checkout.session.completed" in told(sandbox)
    assert sandbox.http("GET", "/v1/payment_pages/cs_none").status_code == 404


def test_a_purchase_is_put_to_an_issued_card(sandbox, validate):
    address = {"line1": "1 Main St", "city": "Austin", "state": "TX", "postal_code": "78701", "country": "US"}
    holder = sandbox.client.v1.issuing.cardholders.create(
        {"name": "Ada", "type": "individual", "billing": {"address": address}}
    )
    card = sandbox.client.v1.issuing.cards.create({"currency": "usd", "type": "virtual", "cardholder": holder.id})
    asked = sandbox.http("POST", f"/v1/issuing/cards/{card.id}/test/authorizations", data={"held_amount": "100"})
    assert asked.json()["amount"] == 100
    validate(sandbox.client.v1.issuing.authorizations.retrieve(asked.json()["id"]))
    assert {"issuing_authorization.request", "issuing_authorization.created"} <= set(told(sandbox))


def test_a_redacted_verification_keeps_only_that_it_was(sandbox, validate):
    made = sandbox.client.v1.identity.verification_sessions.create({"type": "document"})
    gone = validate(sandbox.client.v1.identity.verification_sessions.redact(made.id))
    assert gone.redaction.status == "redacted"
    assert "identity.verification_session.redacted" in told(sandbox)


def test_a_report_is_ready_a_second_later(sandbox, validate):
    run = sandbox.client.v1.reporting.report_runs.create({"report_type": "balance.summary.1"})
    assert run.status == "pending"
    sandbox.world.clock.advance(2)
    done = validate(sandbox.client.v1.reporting.report_runs.retrieve(run.id))
    assert (done.status, done.result.object) == ("succeeded", "file")
    assert "reporting.report_run.succeeded" in told(sandbox)


def test_an_account_that_leaves_is_told_of_and_out_of_reach(sandbox):
    made = sandbox.client.v1.accounts.create({"type": "standard"})
    sandbox.client.v1.accounts.delete(made.id)
    event = sandbox.client.v1.events.list({"limit": 1}).data[0]
    assert (event.type, event.account) == ("account.application.deauthorized", made.id)
    assert event.data.object.object == "application"
    with pytest.raises(stripe.PermissionError):
        sandbox.client.v1.customers.list(options={"stripe_account": made.id})
