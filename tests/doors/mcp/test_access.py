"""OAuth 2.1 on our side, step by step: what must be refused, and what a stolen code or token is worth."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from tests.doors.mcp.conftest import Office
from tillwright.doors.worker import Relay

BACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


async def register(office: Office, **changed: object) -> httpx.Response:
    document = {"client_name": "Bot", "redirect_uris": [BACK], "token_endpoint_auth_method": "none", "scope": "read"}
    return await office.ada.client.post("/register", json=document | changed)


def authorize_url(office: Office, client_id: str, **changed: str) -> str:
    asked = {
        "client_id": client_id, "response_type": "code", "redirect_uri": BACK, "state": "s", "scope": "read",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", "resource": f"{office.url}/mcp",
    }  # fmt: skip
    return f"{office.url}/authorize?{urlencode(asked | changed)}"


async def code_for(office: Office, client_id: str) -> str:
    return dict(parse_qsl(urlsplit(await office.consent(authorize_url(office, client_id))).query))["code"]


async def token(office: Office, client_id: str, **given: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "client_id": client_id, "code_verifier": VERIFIER}
    return await office.ada.client.post("/token", data=form | given)


async def reads(office: Office, access: str, **headers: str) -> int:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "balance", "arguments": {}}}
    sent = {"Authorization": f"Bearer {access}", "Accept": "application/json, text/event-stream"} | headers
    return (await office.ada.client.post("/mcp", json=call, headers=sent)).status_code


async def test_the_way_in_is_told_to_whoever_knocks(office: Office) -> None:
    knocked = await office.ada.client.post("/mcp", json={})
    assert knocked.status_code == 401
    where = f"{office.url}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{where}"' in knocked.headers["www-authenticate"]
    resource = (await office.ada.client.get(where)).json()
    assert resource["resource"] == f"{office.url}/mcp"
    server = (await office.ada.client.get("/.well-known/oauth-authorization-server")).json()
    assert server["code_challenge_methods_supported"] == ["S256"]
    assert server["registration_endpoint"] == f"{office.url}/register"


@pytest.mark.parametrize("address", ["http://evil.example/x", "javascript:alert(1)", "data:text/html,x"])
async def test_no_program_has_answers_sent_to_such_addresses(office: Office, address: str) -> None:
    assert (await register(office, redirect_uris=[address])).status_code == 400


async def test_a_request_that_is_not_in_order_reaches_nobody(office: Office) -> None:
    client_id = (await register(office)).json()["client_id"]
    async with httpx.AsyncClient() as stranger:
        elsewhere = await stranger.get(authorize_url(office, client_id, redirect_uri="https://evil.example/"))
        assert elsewhere.status_code == 400
        for changed in (
            {"code_challenge_method": "plain"},
            {"code_challenge": ""},
            {"resource": "https://other.example/mcp"},
            {"scope": "write"},
        ):
            answer = await stranger.get(authorize_url(office, client_id, **changed))
            assert "error=" in answer.headers.get("location", "error="), changed
            assert "/assistant/authorize" not in answer.headers.get("location", "")


async def test_a_code_needs_its_verifier_and_program_and_works_once(office: Office) -> None:
    client_id, other = [(await register(office)).json()["client_id"] for _ in range(2)]
    code = await code_for(office, client_id)
    assert (await token(office, other, code=code)).status_code == 400
    assert (await token(office, client_id, code=code, code_verifier="w" * 64)).status_code == 400
    assert (await token(office, client_id, code=code, redirect_uri=BACK + "/x")).status_code == 400
    good = await token(office, client_id, code=code)
    assert (good.status_code, good.json()["token_type"]) == (200, "Bearer")
    assert await reads(office, good.json()["access_token"]) == 200
    again = await token(office, client_id, code=code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    # Somebody else had the code: what it was worth has ended.
    assert await reads(office, good.json()["access_token"]) == 401


async def test_codes_and_tokens_grow_old(office: Office) -> None:
    client_id = (await register(office)).json()["client_id"]
    code = await code_for(office, client_id)
    office.house.clock.move(121)  # type: ignore[attr-defined]
    assert (await token(office, client_id, code=code)).status_code == 400
    given = (await token(office, client_id, code=await code_for(office, client_id))).json()
    office.house.clock.move(3601)  # type: ignore[attr-defined]
    assert await reads(office, given["access_token"]) == 401


async def test_a_refresh_token_is_replaced_and_the_old_one_ends_it_all(office: Office) -> None:
    client_id = (await register(office)).json()["client_id"]
    first = (await token(office, client_id, code=await code_for(office, client_id))).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = await token(office, client_id, **refresh)
    assert second.status_code == 200
    assert await reads(office, first["access_token"]) == 401
    assert await reads(office, second.json()["access_token"]) == 200
    stolen = await token(office, client_id, **refresh)
    assert stolen.status_code == 400
    assert await reads(office, second.json()["access_token"]) == 401


async def test_host_and_origin_must_be_ours(office: Office) -> None:
    client_id = (await register(office)).json()["client_id"]
    access = (await token(office, client_id, code=await code_for(office, client_id))).json()["access_token"]
    assert await reads(office, access, Host="evil.example") == 421
    assert await reads(office, access, Origin="https://evil.example") == 403
    assert await reads(office, access, Origin=office.url) == 200


async def test_who_left_the_organisation_speaks_through_no_assistant(office: Office) -> None:
    client_id = (await register(office)).json()["client_id"]
    access = (await token(office, client_id, code=await code_for(office, client_id))).json()["access_token"]
    async with office.house.database.tenant(office.principal.organisation_id) as tx:
        await tx.execute("delete from memberships where user_id = %s", (office.principal.actor_id,))
    assert await reads(office, access) == 401


async def test_the_person_can_say_no_and_a_request_is_decided_once(office: Office) -> None:
    client_id = (await register(office)).json()["client_id"]
    told = await office.consent(authorize_url(office, client_id), decision="deny")
    assert dict(parse_qsl(urlsplit(told).query)) == {"error": "access_denied", "state": "s"}
    assert (await office.ada.see("/assistant/authorize?request=none")).status_code == 404


async def test_no_token_stands_in_the_database(office: Office) -> None:
    document = (await register(office, token_endpoint_auth_method="client_secret_post")).json()
    given = (
        await token(
            office, document["client_id"], code=await code_for(office, document["client_id"]),
            client_secret=document["client_secret"],
        )
    ).json()  # fmt: skip
    async with office.house.database.tenant(office.principal.organisation_id) as tx:
        rows = [
            str(await (await tx.execute(f"select * from {table}")).fetchall())  # type: ignore[arg-type]
            for table in ("assistant_grants", "assistant_programs", "assistant_requests", "audit_entries")
        ]
    for secret in (given["access_token"], given["refresh_token"], document["client_secret"]):
        assert secret not in "".join(rows)


async def test_a_token_for_one_account_is_not_worth_the_next_ones(office: Office) -> None:
    client_id = (await register(office)).json()["client_id"]
    access = (await token(office, client_id, code=await code_for(office, client_id))).json()["access_token"]
    told = await office.consent(authorize_url(office, client_id), via="organisation")
    code = dict(parse_qsl(urlsplit(told).query))["code"]
    ours = (await token(office, client_id, code=code)).json()["access_token"]
    relay = Relay(office.house.database, "assistant access", office.house.grants.follow)
    await relay.step()
    assert await reads(office, access) == 200, "nothing ended yet"
    [connection] = await office.house.connections.mine(office.principal)
    await office.house.connections.disconnect(office.principal, connection.id)
    await relay.step()
    assert await reads(office, access) == 401
    assert await reads(office, ours) == 200, "the organisation's own data is another matter"
    assert [each.via for each in await office.house.grants.mine(office.principal)] == ["organisation"]
