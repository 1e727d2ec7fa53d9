"""Users' own accounts over HTTP: programs see and end links; only a person connects one, and reads it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from tests.doors.api.test_integration import Api
from tests.doors.api.test_integration import call as call
from tests.doors.api.test_integration import keys as keys
from tests.sandbox.conftest import Sandbox
from tillwright.kit.errors import Absent
from tillwright.wiring import House
from tillwright_sandbox.world import ACME, NORTHWIND

PATH = "/userIntegration"


async def link(call: Api, house: House, sandbox: Sandbox) -> str:
    address = await house.connections.begin(call.principal, "ses_1")
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    code = sandbox.world.connect.authorise(sandbox.account, ACME, False, "read_only")
    return (await house.connections.finish(call.principal, "ses_1", state=state, code=code)).id


async def test_list_begin_get_end(call: Api, house: House, keys: dict[str, str], stripe_sandbox: Sandbox) -> None:
    missing = await call("POST", f"{PATH}/connect")
    assert (missing.status_code, missing.json()["code"]) == (409, "platform_absent")
    await call("POST", "/integration", call.body(**keys))
    assert (await call("POST", f"{PATH}/connect")).json()["code"] == "connect_client_id_missing"
    body = {"info": {"stripeIntegration": {"connectClientId": "ca_northwindsandbx"}}}
    assert (await call("PATCH", "/integration/STRIPE/PAYMENT", body)).status_code == 200
    begun = (await call("POST", f"{PATH}/connect")).json()
    assert begun == {"url": house.connections.page, "livemode": False}
    assert (await call("GET", PATH)).json() == []

    connection_id = await link(call, house, stripe_sandbox)
    (entity,) = (await call("GET", PATH)).json()
    assert (entity["id"], entity["userId"]) == (connection_id, call.principal.actor_id)
    assert entity["info"]["stripeUserIntegration"]["accountId"] == ACME
    assert "name" not in str(entity), "the account is its user's; a program learns no more than that there is a link"
    assert (await call("GET", f"{PATH}/{connection_id}")).json() == entity

    ended = await call("DELETE", f"{PATH}/{connection_id}")
    assert (ended.status_code, ended.json()) == (200, "")
    assert not stripe_sandbox.world.connect.reaches(NORTHWIND, ACME, False)
    for method in ("GET", "DELETE"):
        assert (await call(method, f"{PATH}/{connection_id}")).json()["code"] == "connection_absent"
    (notice,) = await house.connections.notices(call.principal)
    assert "An administrator of your organisation ended" in notice.sentence


async def test_only_administrators_oversee_and_no_program_reads(
    call: Api, house: House, keys: dict[str, str], stripe_sandbox: Sandbox
) -> None:
    await call(
        "POST",
        "/integration",
        call.body(
            **keys,
        ),
    )
    body = {"info": {"stripeIntegration": {"connectClientId": "ca_northwindsandbx"}}}
    await call("PATCH", "/integration/STRIPE/PAYMENT", body)
    connection_id = await link(call, house, stripe_sandbox)
    for role in ("VIEWER", "EDITOR"):
        _, key = await house.tenancy.create_api_client(call.principal, role, role)
        less = Api(call.client, call.principal, key.reveal())
        assert (await less("GET", PATH)).status_code == 403
        assert (await less("DELETE", f"{PATH}/{connection_id}")).status_code == 403
    program = await house.tenancy.principal_of_key(call.key)
    try:
        await house.connections.read(program, why="a test")
    except Absent:
        pass
    else:
        raise AssertionError("a program read a person's account")
    begun = await call("POST", f"{PATH}/connect")
    assert "state" not in begun.text, "only a browser's own session is given a way to Stripe and back"
