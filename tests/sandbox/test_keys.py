"""Keys, modes and permissions: who may do what, and what Stripe says when they may not."""

from collections.abc import Iterator

import httpx
import pytest
import stripe

from tests.sandbox.conftest import Sandbox, serve_world
from tillwright_sandbox.keys import mask, parse
from tillwright_sandbox.operations import operations
from tillwright_sandbox.rights import ALL, FREE, UNAVAILABLE, needed
from tillwright_sandbox.world import make_world

VERSION = "2026-08-26.dahlia"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for the whole file: no test here minds what the others left."""
    world = make_world()
    world.limits.enabled = False
    yield from serve_world(world)


# The table of permissions: what VERIFY reads and writes, and the right each needs.
PERMISSIONS = [
    ("GET", "/v1/balance", "balance_read"),
    ("GET", "/v1/charges?limit=1", "charge_read"),
    ("POST", "/v1/charges/ch_none", "charge_write"),
    ("POST", "/v1/refunds", "charge_write"),
    ("GET", "/v1/customers?limit=1", "customer_read"),
    ("POST", "/v1/customers/cus_none", "customer_write"),
    ("POST", "/v1/customer_sessions", "customer_session_write"),
    ("GET", "/v1/disputes?limit=1", "dispute_read"),
    ("POST", "/v1/disputes/dp_none", "dispute_write"),
    ("GET", "/v1/events?limit=1", "event_read"),
    ("GET", "/v1/payment_intents?limit=1", "payment_intent_read"),
    ("POST", "/v1/payment_intents/pi_none", "payment_intent_write"),
    ("GET", "/v1/payment_methods?limit=1", "payment_method_read"),
    ("POST", "/v1/payment_methods/pm_none", "payment_method_write"),
    ("GET", "/v1/products?limit=1", "product_read"),
    ("POST", "/v1/products/prod_none", "product_write"),
    ("GET", "/v1/setup_intents?limit=1", "setup_intent_read"),
    ("POST", "/v1/setup_intents/seti_none", "setup_intent_write"),
    ("GET", "/v1/sources/src_none", "source_read"),
    ("POST", "/v1/sources/src_none", "source_write"),
    ("GET", "/v1/checkout/sessions?limit=1", "checkout_session_read"),
    ("POST", "/v1/checkout/sessions/cs_none/expire", "checkout_session_write"),
    ("GET", "/v1/coupons?limit=1", "coupon_read"),
    ("POST", "/v1/coupons/none", "coupon_write"),
    ("GET", "/v1/credit_notes?limit=1", "credit_note_read"),
    ("POST", "/v1/credit_notes/cn_none", "credit_note_write"),
    ("GET", "/v1/billing_portal/configurations?limit=1", "customer_portal_read"),
    ("POST", "/v1/billing_portal/configurations/bpc_none", "customer_portal_write"),
    ("GET", "/v1/invoices?limit=1", "invoice_read"),
    ("POST", "/v1/invoices/in_none", "invoice_write"),
    ("GET", "/v1/prices?limit=1", "plan_read"),
    ("POST", "/v1/prices/price_none", "plan_write"),
    ("GET", "/v1/plans?limit=1", "plan_read"),
    ("GET", "/v1/promotion_codes?limit=1", "promotion_code_read"),
    ("POST", "/v1/promotion_codes/promo_none", "promotion_code_write"),
    ("GET", "/v1/subscriptions?limit=1", "subscription_read"),
    ("POST", "/v1/subscriptions/sub_none", "subscription_write"),
    ("GET", "/v1/tax_rates?limit=1", "tax_rate_read"),
    ("POST", "/v1/tax_rates/txr_none", "tax_rate_write"),
    ("GET", "/v1/quotes?limit=1", "quote_read"),
    ("POST", "/v1/quotes/qt_none", "quote_write"),
    ("GET", "/v1/billing/meters?limit=1", "billing_meter_read"),
    ("POST", "/v1/billing/meters/mtr_none", "billing_meter_write"),
    ("POST", "/v1/billing/meter_events", "billing_meter_event_write"),
    ("GET", "/v1/test_helpers/test_clocks?limit=1", "billing_clock_read"),
    ("POST", "/v1/test_helpers/test_clocks", "billing_clock_write"),
    ("GET", "/v1/webhook_endpoints?limit=1", "webhook_read"),
    ("POST", "/v1/webhook_endpoints/we_none", "webhook_write"),
    ("GET", "/v1/account", "connected_account_read"),
]


def ask(sandbox, method: str, path: str, secret: str, **headers: str) -> httpx.Response:
    return httpx.request(
        method,
        sandbox.url + path,
        headers={"Authorization": f"Bearer {secret}", "Stripe-Version": VERSION, **headers},
        trust_env=False,
    )


def client(sandbox, secret: str) -> stripe.StripeClient:
    return stripe.StripeClient(secret, base_addresses={"api": sandbox.url}, stripe_version=VERSION)


@pytest.mark.parametrize(("method", "path", "right"), PERMISSIONS)
def test_each_permission_is_asked_for_and_suffices(sandbox, method: str, path: str, right: str) -> None:
    account = next(iter(sandbox.world.accounts))
    without = sandbox.world.keys.create(account, False, sorted(ALL - {right, right.replace("_read", "_write")}))
    refused = ask(sandbox, method, path, without.secret)
    assert refused.status_code == 403
    assert right in refused.json()["error"]["message"]
    just = sandbox.world.keys.create(account, False, [f"rak_{right}"])
    granted = ask(sandbox, method, path, just.secret)
    assert granted.status_code == 200 if method == "GET" and "none" not in path else granted.status_code in (400, 404)


def test_every_operation_has_its_right() -> None:
    rights = {operation.id: needed(operation.method, operation.path)[0] for operation in operations().values()}
    assert {id for id, right in rights.items() if right == UNAVAILABLE} == {
        "PostEphemeralKeys",
        "DeleteEphemeralKeysKey",
    }
    assert all(right in ALL | {FREE, UNAVAILABLE} for right in rights.values())
    assert all(right.endswith("_read") for id, right in rights.items() if id.startswith("Get") and right != FREE)


def test_write_includes_read(sandbox) -> None:
    key = sandbox.world.keys.create(next(iter(sandbox.world.accounts)), False, ["customer_write"])
    assert ask(sandbox, "GET", "/v1/customers", key.secret).status_code == 200


def test_the_two_wordings_of_a_403(sandbox) -> None:
    account = next(iter(sandbox.world.accounts))
    key = sandbox.world.keys.create(account, False, [])
    with pytest.raises(stripe.PermissionError) as plain:
        client(sandbox, key.secret).v1.subscriptions.list()
    assert plain.value.error.code is None
    assert plain.value.user_message == (
        f"The provided key 'rk_test_***' does not have the required permissions for this endpoint on account "
        f"'{account}'. Having the 'rak_subscription_read' permission would allow this request to continue."
    )
    with pytest.raises(stripe.PermissionError) as enabling:
        client(sandbox, key.secret).v1.prices.list()
    assert enabling.value.error.code == "more_permissions_required"
    assert "Enabling \"Prices Read\" ('plan_read') permissions on this key would allow" in enabling.value.user_message
    assert key.secret not in plain.value.user_message + enabling.value.user_message


def test_a_right_no_restricted_key_can_have(sandbox) -> None:
    refused = ask(sandbox, "POST", "/v1/ephemeral_keys", "rk_test_sandbox_northwind")
    assert refused.status_code == 403
    assert "not available for use by restricted keys" in refused.json()["error"]["message"]


def test_the_mode_follows_from_the_prefix(sandbox) -> None:
    made = client(sandbox, "sk_live_sandbox_northwind").v1.customers.create({"name": "Live"})
    assert made.livemode is True
    with pytest.raises(stripe.InvalidRequestError) as other:
        sandbox.client.v1.customers.retrieve(made.id)
    assert "a similar object exists in live mode, but a test mode key was used" in other.value.user_message
    assert parse("rk_live_x") == ("restricted", True)


@pytest.mark.parametrize("secret", ["sk_test_nobodys_key_1234", "sk_prod_x", "hello"])
def test_an_unknown_key(sandbox, secret: str) -> None:
    refused = ask(sandbox, "GET", "/v1/customers", secret)
    assert refused.status_code == 401
    message = refused.json()["error"]["message"]
    assert message == f"Invalid API Key provided: {mask(secret)}"
    assert secret not in message


def test_no_key_at_all(sandbox) -> None:
    refused = httpx.get(f"{sandbox.url}/v1/customers", trust_env=False)
    assert refused.status_code == 401
    assert refused.json()["error"]["message"].startswith("You did not provide an API key.")
    assert refused.json()["error"]["type"] == "invalid_request_error"


def test_basic_authentication_is_as_good(sandbox) -> None:
    assert httpx.get(f"{sandbox.url}/v1/balance", auth=(sandbox.secret_key, ""), trust_env=False).status_code == 200


def test_expired_and_revoked(sandbox) -> None:
    key = sandbox.world.keys.create(next(iter(sandbox.world.accounts)), False, None)
    assert ask(sandbox, "GET", "/v1/customers", key.secret).status_code == 200
    key.status = "expired"
    expired = ask(sandbox, "GET", "/v1/customers", key.secret)
    assert (expired.status_code, expired.json()["error"]["code"]) == (401, "api_key_expired")
    key.status = "revoked"
    revoked = ask(sandbox, "GET", "/v1/customers", key.secret)
    assert revoked.status_code == 401
    assert revoked.json()["error"]["message"].startswith("Invalid API Key provided: rk_test_")


def test_a_rolled_key_goes_on_for_a_while(sandbox) -> None:
    key = sandbox.world.keys.create(sandbox.account, False, None)
    order = {"status": "expired", "in_seconds": 3600}
    httpx.post(f"{sandbox.url}/_sandbox/keys/{key.secret}", json=order, trust_env=False).raise_for_status()
    assert ask(sandbox, "GET", "/v1/customers", key.secret).status_code == 200
    sandbox.world.clock.advance(3601)
    assert ask(sandbox, "GET", "/v1/customers", key.secret).json()["error"]["code"] == "api_key_expired"


def test_a_key_with_a_list_of_addresses(sandbox) -> None:
    key = sandbox.world.keys.create(sandbox.account, False, None)
    key.status = "elsewhere"
    refused = ask(sandbox, "GET", "/v1/customers", key.secret)
    assert refused.status_code == 403
    assert "IP address" in refused.json()["error"]["message"]
    assert key.secret not in refused.text


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/skus"])
def test_orders_are_gone_from_the_api(sandbox, path: str) -> None:
    gone = ask(sandbox, "GET", path, sandbox.secret_key)
    assert gone.status_code == 404
    assert gone.json()["error"]["message"].startswith("Unrecognized request URL")


def test_a_publishable_key_may_do_little(sandbox) -> None:
    refused = ask(sandbox, "GET", "/v1/customers", sandbox.publishable_key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "secret_key_required")
    made = httpx.post(
        f"{sandbox.url}/v1/payment_methods",
        data={"type": "card", "card[token]": "tok_visa"},
        headers={"Authorization": f"Bearer {sandbox.publishable_key}", "Stripe-Version": VERSION},
        trust_env=False,
    )
    assert made.status_code == 200, made.text


def test_a_publishable_key_needs_the_client_secret_of_an_intent(sandbox) -> None:
    intent = sandbox.client.v1.payment_intents.create(
        {"amount": 1000, "currency": "usd", "payment_method_types": ["card"]}
    )
    path = f"/v1/payment_intents/{intent.id}"
    bare = ask(sandbox, "GET", path, sandbox.publishable_key)
    assert (bare.status_code, bare.json()["error"]["param"]) == (400, "client_secret")
    shown = ask(sandbox, "GET", f"{path}?client_secret={intent.client_secret}", sandbox.publishable_key)
    assert shown.status_code == 200


def test_acting_on_another_account(sandbox) -> None:
    own, other = list(sandbox.world.accounts)[:2]
    header = {"Stripe-Account": other}
    refused = ask(sandbox, "GET", "/v1/customers", sandbox.secret_key, **header)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "account_invalid")
    sandbox.world.add_account("acct_connectedsandbx0", "Connected", platform=own)
    header = {"Stripe-Account": "acct_connectedsandbx0"}
    granted = ask(sandbox, "GET", "/v1/account", sandbox.secret_key, **header)
    assert granted.json()["id"] == "acct_connectedsandbx0"
    key = sandbox.world.keys.create(own, False, sorted(ALL - {"connect_read", "connect_write"}))
    denied = ask(sandbox, "GET", "/v1/customers", key.secret, **header)
    assert denied.status_code == 403
    assert "does not have any Connect permissions" in denied.json()["error"]["message"]


def test_the_account_of_a_key_is_told(sandbox) -> None:
    limited = ask(sandbox, "GET", "/v1/account", "rk_test_sandbox_limited")
    assert limited.status_code == 200
    none = sandbox.world.keys.create(limited.json()["id"], False, [])
    refused = ask(sandbox, "GET", "/v1/account", none.secret)
    assert f"'{limited.json()['id']}'" in refused.json()["error"]["message"]
