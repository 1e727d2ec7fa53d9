"""Customers, their saved methods, and what their deletion takes with it, through the official SDK."""

import pytest
import stripe


def told(sandbox, *types):
    """Events of these types, oldest first."""
    events = sandbox.client.v1.events.list({"limit": 100, "types": list(types)}).data if types else []
    return [event.to_dict() for event in reversed(events)]


def test_create_answers_every_field_of_the_schema_and_tells_it(sandbox, validate):
    customer = sandbox.client.v1.customers.create(
        {
            "name": "Ada",
            "email": "ada@example.com",
            "phone": "+441632960000",
            "description": "first",
            "address": {"line1": "1 Way", "city": "London", "country": "GB"},
            "shipping": {"name": "Ada", "address": {"line1": "1 Way"}},
            "preferred_locales": ["en"],
            "metadata": {"tillwright_op": "op_1"},
            "invoice_settings": {"footer": "thanks"},
        }
    )
    validate(customer)
    assert customer.address.postal_code is None
    assert customer.invoice_settings.footer == "thanks"
    assert customer.balance == 0
    assert customer.delinquent is False
    assert "sources" not in customer
    (event,) = told(sandbox, "customer.created")
    assert event["data"]["object"]["id"] == customer.id
    validate(sandbox.client.v1.customers.retrieve(customer.id, {"expand": ["sources", "subscriptions", "tax_ids"]}))


def test_update_merges_metadata_and_tells_what_was_before(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create({"email": "a@example.com", "metadata": {"a": "1", "b": "2"}})
    after = validate(
        v1.customers.update(customer.id, {"email": "b@example.com", "metadata": {"b": "", "c": "3"}, "name": "New"})
    )
    assert after.metadata.to_dict() == {"a": "1", "c": "3"}
    (event,) = told(sandbox, "customer.updated")
    before = event["data"]["previous_attributes"]
    assert before["email"] == "a@example.com"
    assert before["name"] is None
    assert before["metadata"] == {"b": "2", "c": None}
    assert validate(v1.customers.update(customer.id, {"name": ""})).name is None


def test_an_update_that_changes_nothing_tells_nothing(sandbox):
    customer = sandbox.client.v1.customers.create({"name": "Same"})
    sandbox.client.v1.customers.update(customer.id, {"name": "Same"})
    assert told(sandbox, "customer.updated") == []


def test_a_bad_address_is_refused(sandbox):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.client.v1.customers.create({"email": "nobody"})
    assert (refusal.value.code, refusal.value.param) == ("email_invalid", "email")


def test_a_deleted_customer_answers_200_with_a_stub_and_marks_a_place(sandbox, validate):
    v1 = sandbox.client.v1
    older = v1.customers.create({"name": "older"})
    gone = v1.customers.create({"name": "gone"})
    v1.payment_methods.attach("pm_card_visa", {"customer": gone.id})
    answer = v1.customers.delete(gone.id)
    assert answer.to_dict() == {"id": gone.id, "object": "customer", "deleted": True}
    validate(answer, "deleted_customer")
    assert v1.customers.retrieve(gone.id).to_dict() == answer.to_dict()
    assert [one.id for one in v1.customers.list({"starting_after": gone.id}).data] == [older.id]
    assert [one.id for one in v1.customers.list().data] == [older.id]
    kinds = {event["type"] for event in told(sandbox, "customer.deleted", "payment_method.detached")}
    assert kinds == {"customer.deleted", "payment_method.detached"}
    for refused in (
        lambda: v1.customers.update(gone.id, {"name": "again"}),
        lambda: v1.customers.delete(gone.id),
        lambda: v1.payment_methods.attach("pm_card_visa", {"customer": gone.id}),
        lambda: v1.payment_intents.create({"amount": 500, "currency": "usd", "customer": gone.id}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            refused()
        assert refusal.value.code == "resource_missing"


def test_the_default_payment_method_must_be_attached(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create({"payment_method": "pm_card_visa"})
    (method,) = v1.customers.payment_methods.list(customer.id).data
    settings = {"invoice_settings": {"default_payment_method": method.id}}
    after = validate(v1.customers.update(customer.id, settings))
    assert after.invoice_settings.default_payment_method == method.id
    stranger = v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": stranger.id}})
    assert refusal.value.code == "resource_missing"
    v1.payment_methods.detach(method.id)
    assert v1.customers.retrieve(customer.id).invoice_settings.default_payment_method is None


def test_balance_transactions_add_up(sandbox, validate, validate_operation):
    v1 = sandbox.client.v1
    customer = v1.customers.create({"balance": -500})
    made = v1.customers.balance_transactions.create(
        customer.id, {"amount": 200, "currency": "usd", "description": "less"}
    )
    validate(made)
    assert made.ending_balance == -300
    assert v1.customers.retrieve(customer.id).balance == -300
    rows = v1.customers.balance_transactions.list(customer.id)
    validate_operation("GetCustomersCustomerBalanceTransactions", rows)
    assert [(row.amount, row.type) for row in rows.data] == [(200, "adjustment"), (-500, "initial")]
    with pytest.raises(stripe.InvalidRequestError):
        v1.customers.balance_transactions.create(customer.id, {"amount": 1, "currency": "eur"})


def test_cash_comes_in_by_bank_transfer(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    row = v1.test_helpers.customers.fund_cash_balance(customer.id, {"amount": 5000, "currency": "eur"})
    validate(row, "customer_cash_balance_transaction")
    cash = validate(v1.customers.cash_balance.retrieve(customer.id), "cash_balance")
    assert cash.available.to_dict() == {"eur": 5000}


def test_legacy_sources_live_under_their_customer(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create({"source": "tok_visa"})
    first = customer.default_source
    card = validate(v1.customers.payment_sources.create(customer.id, {"source": "tok_mastercard"}), "card")
    assert card.brand == "MasterCard"
    assert [one.id for one in v1.customers.payment_sources.list(customer.id).data] == [card.id, first]
    full = v1.customers.retrieve(customer.id, {"expand": ["sources"]})
    assert {one.id for one in full.sources.data} == {first, card.id}
    changed = v1.customers.payment_sources.update(customer.id, card.id, {"exp_year": "2040", "name": "Ada"})
    assert (changed.exp_year, changed.name) == (2040, "Ada")
    gone = v1.customers.payment_sources.delete(customer.id, first)
    assert gone.deleted is True
    assert v1.customers.retrieve(customer.id).default_source == card.id
    with pytest.raises(stripe.CardError):
        v1.customers.payment_sources.create(customer.id, {"source": "tok_chargeDeclined"})
    kinds = [e["type"] for e in told(sandbox, "customer.source.created", "customer.source.deleted")]
    assert kinds == ["customer.source.created", "customer.source.created", "customer.source.deleted"]


def test_a_bank_account_is_verified_by_its_deposits(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    token = v1.tokens.create({"bank_account": {"country": "US", "currency": "usd", "account_number": "000123456789"}})
    validate(token)
    account = validate(v1.customers.payment_sources.create(customer.id, {"source": token.id}), "bank_account")
    assert account.status == "new"
    with pytest.raises(stripe.InvalidRequestError):
        v1.customers.payment_sources.verify(customer.id, account.id, {"amounts": [1, 2]})
    assert v1.customers.payment_sources.verify(customer.id, account.id, {"amounts": [32, 45]}).status == "verified"
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.customers.payment_sources.create(customer.id, {"source": token.id})
    assert refusal.value.code == "token_already_used"
