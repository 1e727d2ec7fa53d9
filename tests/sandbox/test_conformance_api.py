"""The ways of the whole API, as on record from real test mode: pages, errors, versions, metadata, deleted objects."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from tests.sandbox.conftest import Sandbox
from tillwright_sandbox import generic, pipeline

Validate = Any


def customers(sandbox: Sandbox, count: int, **more: Any) -> list[str]:
    """Ids of new customers, newest first, one second apart."""
    account = sandbox.world.accounts[sandbox.account]
    start = sandbox.world.clock.now() - 10_000
    made = []
    with sandbox.world.lock, pipeline.act(sandbox.world, account, False) as call:
        for n in range(count):
            obj = generic.build(call, "customer", email=f"c{n}@example.com", created=start + n, **more)
            made.append(call.objects.insert(obj)["id"])
    return made[::-1]


def refused(sandbox: Sandbox, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    response = sandbox.http(method, path, **options)
    return response.status_code, response.json()["error"]


# --- pages -----------------------------------------------------------------------------------------------------


def test_a_limit_of_0_gives_one_row_and_101_gives_100_silently(sandbox: Sandbox) -> None:
    customers(sandbox, 120)
    v1 = sandbox.client.v1
    assert len(v1.customers.list({"limit": 0}).data) == 1
    assert len(v1.customers.list({"limit": -3}).data) == 1
    assert len(v1.customers.list({"limit": 101}).data) == 100
    assert len(v1.customers.list().data) == 10


def test_a_limit_that_is_no_number(sandbox: Sandbox) -> None:
    status, error = refused(sandbox, "GET", "/v1/customers?limit=abc")
    assert (status, error["code"], error["param"]) == (400, "parameter_invalid_integer", "limit")
    assert error["message"] == "Invalid integer: abc"


def test_pages_forward_newest_first(sandbox: Sandbox, validate_operation: Validate) -> None:
    made = customers(sandbox, 25)
    first = validate_operation("GetCustomers", sandbox.client.v1.customers.list({"limit": 10}))
    assert [one.id for one in first.data] == made[:10]
    assert first.has_more is True
    assert first.url == "/v1/customers"
    assert [one.id for one in first.auto_paging_iter()] == made
    last = sandbox.client.v1.customers.list({"limit": 10, "starting_after": made[19]})
    assert [one.id for one in last.data] == made[20:]
    assert last.has_more is False


def test_pages_backward_keep_the_order_and_say_whether_newer_ones_are_left(sandbox: Sandbox) -> None:
    made = customers(sandbox, 25)
    page = sandbox.client.v1.customers.list({"limit": 10, "ending_before": made[15]})
    assert [one.id for one in page.data] == made[5:15]
    assert page.has_more is True
    page = sandbox.client.v1.customers.list({"limit": 10, "ending_before": made[5]})
    assert [one.id for one in page.data] == made[:5]
    assert page.has_more is False
    backwards = sandbox.client.v1.customers.list({"limit": 4, "ending_before": made[24]})
    assert [one.id for one in backwards.auto_paging_iter()] == made[:24][::-1]


def test_exactly_one_page_has_no_more(sandbox: Sandbox) -> None:
    customers(sandbox, 10)
    assert sandbox.client.v1.customers.list({"limit": 10}).has_more is False
    assert sandbox.client.v1.customers.list({"limit": 9}).has_more is True


def test_both_cursors_are_refused(sandbox: Sandbox) -> None:
    made = customers(sandbox, 2)
    status, error = refused(sandbox, "GET", f"/v1/customers?starting_after={made[0]}&ending_before={made[1]}")
    assert (status, error["type"]) == (400, "invalid_request_error")


def test_a_cursor_never_seen_is_refused(sandbox: Sandbox) -> None:
    for word in ("starting_after", "ending_before"):
        status, error = refused(sandbox, "GET", f"/v1/customers?{word}=cus_none")
        assert (status, error["code"], error["param"]) == (400, "resource_missing", word)
        assert error["message"] == "No such customer: 'cus_none'"


def test_a_deleted_customer_still_works_as_a_cursor(sandbox: Sandbox) -> None:
    made = customers(sandbox, 5)
    sandbox.client.v1.customers.delete(made[2])
    page = sandbox.client.v1.customers.list({"starting_after": made[2]})
    assert [one.id for one in page.data] == made[3:]
    assert [one.id for one in sandbox.client.v1.customers.list().data] == made[:2] + made[3:]


def test_rows_made_while_paging_neither_repeat_nor_skip(sandbox: Sandbox) -> None:
    made = customers(sandbox, 6)
    page = sandbox.client.v1.customers.list({"limit": 3})
    sandbox.client.v1.customers.create({"email": "late@example.com"})
    rest = sandbox.client.v1.customers.list({"limit": 3, "starting_after": page.data[-1].id})
    assert [one.id for one in [*page.data, *rest.data]] == made


def test_created_filters(sandbox: Sandbox) -> None:
    made = customers(sandbox, 10)
    v1 = sandbox.client.v1
    fifth = v1.customers.retrieve(made[5]).created
    cases = {"gt": made[:5], "gte": made[:6], "lt": made[6:], "lte": made[5:]}
    for word, expected in cases.items():
        assert [one.id for one in v1.customers.list({"created": {word: fifth}}).data] == expected
    assert [one.id for one in v1.customers.list({"created": fifth}).data] == [made[5]]
    both = v1.customers.list({"created": {"gte": fifth - 1, "lt": fifth + 1}})
    assert [one.id for one in both.data] == made[5:7]


def test_lists_are_filtered_by_their_parameters(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    made = customers(sandbox, 3)
    assert [one.id for one in v1.customers.list({"email": "c1@example.com"}).data] == [made[1]]
    on = v1.products.create({"name": "Chair"})
    off = v1.products.create({"name": "Table", "active": False})
    assert [one.id for one in v1.products.list({"active": True}).data] == [on.id]
    assert [one.id for one in v1.products.list({"ids": [off.id]}).data] == [off.id]
    price = v1.prices.create({"product": on.id, "currency": "usd", "unit_amount": 500, "lookup_key": "chair"})
    assert [one.id for one in v1.prices.list({"lookup_keys": ["chair", "other"]}).data] == [price.id]
    assert v1.prices.list({"product": off.id}).data == []


def test_what_lives_on_a_test_clock_is_listed_by_that_clock_only(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    clock = v1.test_helpers.test_clocks.create({"frozen_time": sandbox.world.clock.now()})
    on_clock = v1.customers.create({"test_clock": clock.id})
    beside = v1.customers.create()
    assert [one.id for one in v1.customers.list().data] == [beside.id]
    assert [one.id for one in v1.customers.list({"test_clock": clock.id}).data] == [on_clock.id]
    assert v1.customers.retrieve(on_clock.id).test_clock == clock.id


# --- errors ------------------------------------------------------------------------------------------------------


def test_an_unknown_parameter_is_named_with_its_place(sandbox: Sandbox) -> None:
    status, error = refused(sandbox, "POST", "/v1/customers", data={"invoice_settings[nope]": "1"})
    assert status == 400
    assert error["code"] == "parameter_unknown"
    assert error["message"] == "Received unknown parameter: invoice_settings[nope]"
    assert error["param"] == "invoice_settings[nope]"
    assert sandbox.objects.count("customer") == 0


def test_the_sdk_raises_its_typed_errors(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        sandbox.client.v1.customers.retrieve("cus_none")
    assert missing.value.http_status == 404
    assert missing.value.code == "resource_missing"
    assert missing.value.param == "id"
    assert missing.value.request_id
    with pytest.raises(stripe.InvalidRequestError) as wrong:
        sandbox.client.v1.subscriptions.create({"customer": "cus_none", "items": [{"price": "price_none"}]})
    assert (wrong.value.http_status, wrong.value.param) == (400, "customer")
    with pytest.raises(stripe.AuthenticationError):
        sandbox.client_with("sk_test_nobody").v1.customers.list()


def test_an_address_that_is_none(sandbox: Sandbox) -> None:
    for method, path in (
        ("GET", "/v1/nope"),
        ("DELETE", "/v1/customers"),
        ("PUT", "/v1/customers"),
        ("PATCH", "/v1/customers/cus_1"),
        ("GET", "/v1/customers/cus_1/nope"),
        ("GET", "/v2/core/events"),
        ("GET", "/"),
        ("GET", "/v1/customers//"),
    ):
        status, error = refused(sandbox, method, path)
        assert status == 404, path
        assert error["message"].startswith(f"Unrecognized request URL ({method}: {path}). Please see"), path
        assert error["type"] == "invalid_request_error"


def test_an_object_of_the_other_mode_is_hinted_at(sandbox: Sandbox) -> None:
    live = sandbox.client_with("sk_live_sandbox_northwind").v1.customers.create({"email": "a@example.com"})
    assert live.livemode is True
    status, error = refused(sandbox, "GET", f"/v1/customers/{live.id}")
    assert status == 404
    assert "a similar object exists in live mode, but a test mode key was used" in error["message"]


def test_a_json_body_is_refused(sandbox: Sandbox) -> None:
    status, error = refused(sandbox, "POST", "/v1/customers", json={"email": "a@example.com"})
    assert status == 400
    assert "application/x-www-form-urlencoded" in error["message"]


def test_a_body_that_is_too_large_is_refused(sandbox: Sandbox) -> None:
    status, error = refused(sandbox, "POST", "/v1/customers", data={"description": "x" * 1_100_000})
    assert status == 413
    assert "too large" in error["message"]
    assert sandbox.objects.count("customer") == 0


def test_bad_bytes_and_odd_forms_are_refused_not_broken(sandbox: Sandbox) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"email=%FF", b"\xff=1", b"a[b=1", b"email=1&email[a]=2", b"[x]=1", b"metadata[a][b][c]=1"):
        status, _ = refused(sandbox, "POST", "/v1/customers", content=body, headers=form)
        assert status == 400, body


# --- versions and headers ------------------------------------------------------------------------------------------


def test_a_bad_version_is_refused(sandbox: Sandbox) -> None:
    for version in ("tomorrow", "2026-08-26.nope", "2026-08-27.dahlia", "1"):
        status, error = refused(sandbox, "GET", "/v1/customers", headers={"Stripe-Version": version})
        assert status == 400
        assert version in error["message"]


def test_versions_that_exist_are_taken_and_told(sandbox: Sandbox) -> None:
    for version in ("2020-08-27", "2025-03-31.basil", "2026-08-26.dahlia", "2026-10-28.endive"):
        response = sandbox.http("GET", "/v1/customers", headers={"Stripe-Version": version})
        assert response.status_code == 200
        assert response.headers["stripe-version"] == version
    with httpx.Client() as client:
        bare = client.get(f"{sandbox.url}/v1/customers", auth=(sandbox.secret_key, ""))
    assert bare.headers["stripe-version"] == "2026-08-26.dahlia"


def test_the_newer_version_refuses_payment_method_types(sandbox: Sandbox) -> None:
    form = {"amount": "500", "currency": "usd", "payment_method_types[0]": "card"}
    newer = {"Stripe-Version": "2026-10-28.endive"}
    status, error = refused(sandbox, "POST", "/v1/payment_intents", data=form, headers=newer)
    assert (status, error["code"]) == (400, "parameter_unknown")
    assert error["param"] == "payment_method_types"
    assert sandbox.http("POST", "/v1/payment_intents", data=form).status_code == 200


def test_every_answer_carries_its_request_id(sandbox: Sandbox) -> None:
    ids = {sandbox.http("GET", path).headers["request-id"] for path in ("/v1/customers", "/v1/nope", "/v1/balance")}
    assert len(ids) == 3
    assert all(one.startswith("req_") for one in ids)
    response = sandbox.http("POST", "/v1/customers", headers={"Idempotency-Key": "k1"})
    assert response.headers["idempotency-key"] == "k1"
    assert response.headers["content-type"].startswith("application/json")
    assert sandbox.client.v1.customers.list().last_response.request_id.startswith("req_")


def test_basic_and_bearer(sandbox: Sandbox) -> None:
    with httpx.Client(base_url=sandbox.url) as client:
        assert client.get("/v1/customers", auth=(sandbox.secret_key, "")).status_code == 200
        assert client.get("/v1/customers", headers={"Authorization": f"Bearer {sandbox.secret_key}"}).status_code == 200
        none = client.get("/v1/customers")
        assert none.status_code == 401
        assert "You did not provide an API key" in none.json()["error"]["message"]


# --- objects ---------------------------------------------------------------------------------------------------------


def test_metadata_is_merged_key_by_key(sandbox: Sandbox, validate: Validate) -> None:
    v1 = sandbox.client.v1
    made = validate(v1.customers.create({"metadata": {"a": "1", "b": "2"}}))
    changed = validate(v1.customers.update(made.id, {"metadata": {"b": "", "c": "3"}}))
    assert changed.metadata.to_dict() == {"a": "1", "c": "3"}
    assert v1.customers.update(made.id, {"name": "X"}).metadata.to_dict() == {"a": "1", "c": "3"}
    assert v1.customers.update(made.id, {"metadata": ""}).metadata.to_dict() == {}


def test_metadata_has_at_most_fifty_keys_after_the_merge(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    made = v1.customers.create({"metadata": {f"k{n}": "v" for n in range(50)}})
    with pytest.raises(stripe.InvalidRequestError, match="50"):
        v1.customers.update(made.id, {"metadata": {"one": "more"}})
    assert len(v1.customers.retrieve(made.id).metadata.to_dict()) == 50
    assert len(v1.customers.update(made.id, {"metadata": {"k0": "", "one": "more"}}).metadata.to_dict()) == 50


def test_an_empty_string_unsets_and_nested_hashes_are_merged(sandbox: Sandbox, validate: Validate) -> None:
    v1 = sandbox.client.v1
    made = v1.customers.create({"name": "Ada", "email": "a@example.com", "invoice_settings": {"footer": "Thanks"}})
    form = {"name": "", "invoice_settings[custom_fields]": ""}
    changed = sandbox.http("POST", f"/v1/customers/{made.id}", data=form).json()
    validate(changed)
    assert changed["name"] is None
    assert changed["email"] == "a@example.com"
    assert changed["invoice_settings"]["footer"] == "Thanks"


def test_deleted_objects(sandbox: Sandbox, validate: Validate, validate_operation: Validate) -> None:
    v1 = sandbox.client.v1
    customer = v1.customers.create({"name": "Ada"})
    stub = {"id": customer.id, "object": "customer", "deleted": True}
    assert validate_operation("DeleteCustomersCustomer", v1.customers.delete(customer.id)).to_dict() == stub
    assert validate_operation("GetCustomersCustomer", v1.customers.retrieve(customer.id)).to_dict() == stub
    with pytest.raises(stripe.InvalidRequestError) as again:
        v1.customers.delete(customer.id)
    assert again.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError) as changed:
        v1.customers.update(customer.id, {"name": "Eve"})
    assert changed.value.http_status == 404
    product = v1.products.create({"name": "Chair"})
    v1.products.delete(product.id)
    with pytest.raises(stripe.InvalidRequestError) as gone:
        v1.products.retrieve(product.id)
    assert gone.value.http_status == 404


def test_a_refused_write_changes_nothing_and_tells_nobody(sandbox: Sandbox) -> None:
    before = sandbox.objects.snapshot()["rows"]
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.client.v1.prices.create({"currency": "usd", "unit_amount": 5, "product": "prod_none"})
    assert sandbox.objects.snapshot()["rows"] == before


def test_a_change_is_an_event_with_what_was_before(sandbox: Sandbox, validate: Validate) -> None:
    v1 = sandbox.client.v1
    made = v1.customers.create({"name": "Ada", "metadata": {"a": "1"}})
    v1.customers.update(made.id, {"name": "Eve", "metadata": {"a": "2"}})
    v1.customers.update(made.id, {"name": "Eve"})  # nothing changes: no event
    v1.customers.delete(made.id)
    events = validate(v1.events.list())
    assert [one.type for one in events.data] == ["customer.deleted", "customer.updated", "customer.created"]
    data = events.data[1].data.to_dict()
    assert data["previous_attributes"] == {"name": "Ada", "metadata": {"a": "1"}}
    assert data["object"]["name"] == "Eve"
    assert events.data[0].data.to_dict()["object"]["name"] == "Eve"


def test_the_account(sandbox: Sandbox, validate: Validate) -> None:
    own = validate(sandbox.client.v1.accounts.retrieve_current())
    assert own.id == sandbox.account
    assert own.business_profile.name == "Northwind Demo"
    other = sandbox.client_with("sk_test_sandbox_acme").v1.accounts.retrieve_current()
    assert other.id != own.id


def test_accounts_do_not_see_each_other(sandbox: Sandbox) -> None:
    made = sandbox.client.v1.customers.create({"name": "Ada"})
    other = sandbox.client_with("sk_test_sandbox_acme")
    assert other.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        other.v1.customers.retrieve(made.id)


def test_a_connected_account_has_a_store_of_its_own(sandbox: Sandbox, validate: Validate) -> None:
    v1 = sandbox.client.v1
    account = validate(v1.accounts.create({"country": "DE", "email": "shop@example.com"}))
    assert account.country == "DE"
    options: stripe.RequestOptions = {"stripe_account": account.id}
    made = v1.customers.create({"name": "Ada"}, options)
    assert [one.id for one in v1.customers.list({}, options).data] == [made.id]
    assert v1.customers.list().data == []
    assert [one.id for one in v1.accounts.list().data] == [account.id]
    with pytest.raises(stripe.PermissionError):
        sandbox.client_with("sk_test_sandbox_acme").v1.customers.list({}, options)
    v1.accounts.delete(account.id)
    with pytest.raises(stripe.PermissionError):
        v1.customers.list({}, options)


def test_files_are_uploaded_and_described(sandbox: Sandbox, validate: Validate) -> None:
    response = sandbox.http(
        "POST",
        "/v1/files",
        data={"purpose": "dispute_evidence"},
        files={"file": ("receipt.pdf", b"%PDF-1.4 receipt", "application/pdf")},
    )
    file = validate(response.json())
    assert (file["filename"], file["size"], file["type"]) == ("receipt.pdf", 16, "pdf")
    assert sandbox.client.v1.files.retrieve(file["id"]).purpose == "dispute_evidence"
    link = validate(sandbox.client.v1.file_links.create({"file": file["id"]}))
    assert [one.id for one in sandbox.client.v1.files.retrieve(file["id"]).links.data] == [link.id]


def test_an_id_of_ones_own_is_kept_and_not_given_twice(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    v1.products.create({"id": "chair", "name": "Chair"})
    assert v1.products.retrieve("chair").name == "Chair"
    with pytest.raises(stripe.InvalidRequestError) as again:
        v1.products.create({"id": "chair", "name": "Chair"})
    assert again.value.code == "resource_already_exists"
