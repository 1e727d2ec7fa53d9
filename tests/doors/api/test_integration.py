"""The integration's life over HTTP, with the shapes its clients were made for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Sandbox
from tests.serving import serving
from tillwright.domains.tenancy import Principal
from tillwright.doors import api
from tillwright.wiring import House

PATH = "/integration/STRIPE/PAYMENT"


class Api:
    """A caller of the API with one key."""

    def __init__(self, client: httpx.AsyncClient, principal: Principal, key: str) -> None:
        self.client, self.principal, self.key = client, principal, key

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        headers = {"Authorization": f"Key {self.key}"} | headers
        return await self.client.request(
            method, f"/org/{self.principal.organisation_id}{path}", json=body, headers=headers
        )

    def body(self, **keys: Any) -> dict[str, Any]:
        return {
            "organizationID": self.principal.organisation_id,
            "partner": "STRIPE",
            "service": "PAYMENT",
            "info": {"stripeIntegration": keys},
        }


@pytest.fixture
async def call(house: House) -> AsyncIterator[Api]:
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "correct horse battery")
    _, key = await house.tenancy.create_api_client(principal, "Test", "ADMIN")
    async with serving(Starlette(routes=list(api.routes(house)))) as client:
        yield Api(client, principal, key.reveal())


@pytest.fixture
def keys(stripe_sandbox: Sandbox) -> dict[str, str]:
    return {"publishableKey": stripe_sandbox.publishable_key, "secretKey": stripe_sandbox.restricted_key}


async def test_connect_verify_edit_delete(call: Api, keys: dict[str, str], stripe_sandbox: Sandbox) -> None:
    assert (await call("GET", "/integration")).json() == []
    made = await call("POST", "/integration", call.body(**keys))
    assert made.status_code == 200, made.text
    entity = made.json()
    assert entity["status"] == "CREATED"
    assert entity["info"]["stripeIntegration"]["accountId"] == stripe_sandbox.account
    assert entity["info"]["stripeIntegration"]["livemode"] is False
    assert keys["secretKey"] not in made.text

    verified = await call("POST", f"{PATH}/verify")
    report = await call("GET", f"{PATH}/verification")
    assert verified.json() is True, report.text
    assert {f["state"] for f in report.json()["findings"]} <= {"ok", "unproven", "absent", "excess"}
    assert (await call("GET", PATH)).json()["status"] == "VERIFIED"

    version = entity["info"]["stripeIntegration"]["version"]
    wanted = {"daysBeforeEntitlementEnd": 20, "enableEntitlementEndSoonNotification": True, "version": version}
    changed = await call("PATCH", PATH, {"info": {"stripeIntegration": wanted}})
    assert changed.json()["info"]["stripeIntegration"]["daysBeforeEntitlementEnd"] == 20
    assert (await call("PATCH", PATH, {"info": {"stripeIntegration": wanted}})).status_code == 409

    deleted = await call("DELETE", PATH)
    assert (deleted.status_code, deleted.json()) == (200, "")
    assert (await call("GET", PATH)).status_code == 404
    assert (await call("GET", "/integration")).json() == []


async def test_keys_are_checked_without_saving(call: Api, keys: dict[str, str], stripe_sandbox: Sandbox) -> None:
    checked = await call("POST", "/integration/check", {"info": {"stripeIntegration": keys}})
    assert checked.status_code == 200, checked.text
    found = checked.json()
    assert (found["accountId"], found["livemode"], found["keyType"]) == (stripe_sandbox.account, False, "RESTRICTED")
    assert found["report"]["outcome"] == "VERIFIED"
    assert keys["secretKey"] not in checked.text
    assert (await call("GET", "/integration")).json() == []
    wrong = {"info": {"stripeIntegration": keys | {"secretKey": f" '{keys['secretKey']}'"}}}
    refused = await call("POST", "/integration/check", wrong)
    assert (refused.status_code, refused.json()["code"]) == (400, "key_with_spaces")
    assert "enter it that way" in refused.json()["remedy"]


async def test_reports_are_kept_and_found_again(call: Api, keys: dict[str, str]) -> None:
    await call("POST", "/integration", call.body(**keys))
    assert (await call("GET", f"{PATH}/verification/history")).json() == []
    await call("POST", f"{PATH}/verify")
    (kept,) = (await call("GET", f"{PATH}/verification/history")).json()
    assert kept["by"] == "Test"
    assert (await call("GET", f"{PATH}/verification/{kept['id']}")).json() == kept
    assert (await call("GET", f"{PATH}/verification")).json() == kept
    assert (await call("GET", f"{PATH}/verification/vrf_none")).status_code == 404


async def test_refused_keys_say_what_to_do_and_nothing_is_saved(
    call: Api, keys: dict[str, str], stripe_sandbox: Sandbox
) -> None:
    public, secret = keys["publishableKey"], keys["secretKey"]
    refused = [
        {"publishableKey": secret, "secretKey": public},
        {"publishableKey": public, "secretKey": "rk_test_sandbox_nobody"},
        {"publishableKey": public.replace("_test_", "_live_"), "secretKey": secret},
        {"publishableKey": "pk_test_sandbox_acme", "secretKey": secret},
        {"publishableKey": public, "secretKey": f" {secret}"},
        {"publishableKey": public},
        {"publishableKey": public, "secretKey": secret, "surprise": 1},
    ]
    for given in refused:
        answer = await call("POST", "/integration", call.body(**given))
        problem = answer.json()
        assert answer.status_code in (400, 403, 409), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["code"]
        assert problem["detail"].endswith((".", "!"))
        assert problem.get("remedy") or problem["code"] == "field_unknown", problem
        assert secret not in answer.text
    assert (await call("GET", "/integration")).json() == []


@pytest.mark.parametrize("days", [9, 61, 10.5, "10", None, True])
async def test_days_out_of_range_name_the_field(call: Api, keys: dict[str, str], days: Any) -> None:
    await call("POST", "/integration", call.body(**keys))
    answer = await call("PATCH", PATH, {"info": {"stripeIntegration": {"daysBeforeEntitlementEnd": days}}})
    assert answer.status_code == 400
    assert answer.json()["field"] == "daysBeforeEntitlementEnd"


@pytest.mark.parametrize("header", ["", "Key", "Key wrong", "Bearer {key}", "key {key}", "{key}"])
async def test_only_a_known_key_under_its_own_word_gets_in(call: Api, header: str) -> None:
    answer = await call("GET", "/integration", Authorization=header.format(key=call.key))
    assert answer.status_code == 401
    assert answer.json()["field" if header != "Key wrong" else "code"]


async def test_another_organisation_is_not_there(call: Api, house: House) -> None:
    other = await house.tenancy.create_organisation("Other", "eve@example.com", "correct horse battery")
    _, key = await house.tenancy.create_api_client(other, "Eve", "ADMIN")
    for path in ("/integration", PATH, f"{PATH}/verification", "/apiClient"):
        answer = await call("GET", path, Authorization=f"Key {key.reveal()}")
        assert (answer.status_code, answer.json()["code"]) == (404, "organisation_absent")


async def test_a_viewer_may_look_and_not_change(call: Api, house: House, keys: dict[str, str]) -> None:
    _, key = await house.tenancy.create_api_client(call.principal, "Viewer", "VIEWER")
    as_viewer = {"Authorization": f"Key {key.reveal()}"}
    assert (await call("GET", "/integration", **as_viewer)).status_code == 200
    for method, path, body in (
        ("POST", "/integration", call.body(**keys)),
        ("DELETE", PATH, None),
        ("POST", f"{PATH}/verify", None),
        ("GET", "/apiClient", None),
    ):
        answer = await call(method, path, body, **as_viewer)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low")


async def test_what_is_no_json_or_no_route_is_a_problem_too(call: Api) -> None:
    key = {"Authorization": f"Key {call.key}"}
    base = f"/org/{call.principal.organisation_id}"
    for answer in (
        await call.client.post(f"{base}/integration", content=b"{nope", headers=key),
        await call.client.post(f"{base}/integration", content=b"[]", headers=key),
        await call.client.get(f"{base}/nothing", headers=key),
        await call.client.put(f"{base}/integration", headers=key),
    ):
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]


async def test_api_clients_are_listed_without_their_keys(call: Api) -> None:
    listed = await call("GET", "/apiClient")
    (client,) = listed.json()
    assert client["role"] == "ADMIN"
    assert call.key not in listed.text
    assert (await call("GET", f"/apiClient/{client['id']}")).json() == client
    assert (await call("GET", "/apiClient/other")).status_code == 404


async def test_the_page_describes_every_operation_with_an_example(call: Api) -> None:
    page = (await call.client.get("/openapi.json")).json()
    assert page["openapi"].startswith("3.1")
    assert page["components"]["securitySchemes"]["APIKeyAuth"]["name"] == "Authorization"
    schemas = page["components"]["schemas"]
    operations = [(p, m, o) for p, ms in page["paths"].items() for m, o in ms.items()]
    assert len(operations) >= 9
    for path, method, operation in operations:
        contents = operation["responses"]["200"]["content"]
        if "application/json" in contents:  # else it is a page to be looked at
            content = contents["application/json"]
            schema = content["schema"]
            while schema.get("type") == "array":
                schema = schema["items"]
            name = schema.get("$ref", "").rpartition("/")[2]
            simple = schema.get("type") in ("boolean", "string") or "verification" in path or "example" in content
            assert simple or schemas[name].get("examples"), (method, path)
        assert operation["summary"]
        assert {"400", "401", "403", "404"} <= set(operation["responses"])
