"""The webhook endpoints over HTTP: the account's own, and the one that hears of users' accounts."""

from __future__ import annotations

from tests.doors.api.test_integration import Api
from tests.doors.api.test_integration import call as call
from tests.doors.api.test_integration import keys as keys
from tillwright.wiring import House

HOME = "/integration/STRIPE/PAYMENT"
PATH = HOME + "/webhookEndpoint"


async def test_both_are_shown_and_get_another_secret(call: Api, house: House, keys: dict[str, str]) -> None:
    await call("POST", "/integration", call.body(**keys))
    assert (await call("GET", PATH)).json()["code"] == "webhook_endpoint_absent"
    await call("POST", HOME + "/verify")
    await house.webhooks.registration_step()
    first = (await call("GET", PATH)).json()
    assert (first["state"], first["connect"], first["problem"]) == ("ACTIVE", None, None)

    await call("PATCH", HOME, {"info": {"stripeIntegration": {"connectClientId": "ca_northwindsandbx"}}})
    await house.webhooks.registration_step()
    both = (await call("GET", PATH)).json()
    assert (both["stripeId"], both["connect"]["state"]) == (first["stripeId"], "ACTIVE")
    assert both["connect"]["stripeId"] != both["stripeId"]

    assert (await call("POST", PATH + "/rotate")).json()["stripeId"] != first["stripeId"]
    await house.webhooks.registration_step()
    after = (await call("GET", PATH)).json()
    assert after["connect"]["stripeId"] != both["connect"]["stripeId"]
    assert after["connect"]["earlierSecretUntil"] is not None
