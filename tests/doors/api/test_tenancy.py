"""Users, sessions, keys, tokens and the organisation over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.domains.tenancy.conftest import PASSWORD
from tests.serving import serving
from tillwright.domains.tenancy import Principal
from tillwright.doors import api
from tillwright.wiring import House


class Caller:
    """A program with a key in one organisation."""

    def __init__(self, http: httpx.AsyncClient, principal: Principal, key: str, client_id: str) -> None:
        self.http, self.principal, self.key, self.client_id = http, principal, key, client_id

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        headers = {"Authorization": f"Key {self.key}"} | headers
        return await self.http.request(
            method, f"/org/{self.principal.organisation_id}{path}", json=body, headers=headers
        )


@pytest.fixture
async def call(house: House) -> AsyncIterator[Caller]:
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", PASSWORD, person="Ada")
    client, key = await house.tenancy.create_api_client(principal, "Test", "ADMIN")
    async with serving(Starlette(routes=list(api.routes(house)))) as http:
        yield Caller(http, principal, key.reveal(), client.id)


async def test_users_and_the_last_administrator(call: Caller) -> None:
    (ada,) = (await call("GET", "/user")).json()
    assert (ada["email"], ada["role"], ada["lastSeenTime"]) == ("ada@example.com", "ADMIN", None)
    assert (await call("GET", f"/user/{ada['id']}")).json() == ada
    refused = await call("PATCH", f"/user/{ada['id']}", {"role": "VIEWER"})
    assert (refused.status_code, refused.json()["code"]) == (409, "last_administrator")
    assert (await call("DELETE", f"/user/{ada['id']}")).status_code == 409
    assert (await call("PATCH", f"/user/{ada['id']}", {"role": "OWNER"})).json()["field"] == "role"
    assert (await call("GET", "/user/usr_none")).status_code == 404


async def test_an_invitation_says_why_its_mail_has_not_gone(call: Caller) -> None:
    made = await call("POST", "/userInvitation", {"email": "grace@example.com", "role": "EDITOR"})
    assert made.status_code == 200, made.text
    assert made.json()["sentTime"] is None
    assert "did not take the mail" in made.json()["error"]
    assert (await call("GET", "/userInvitation")).json() == [made.json()]
    gone = await call("DELETE", f"/userInvitation/{made.json()['id']}")
    assert (gone.status_code, gone.json()) == (200, "")
    assert (await call("DELETE", f"/userInvitation/{made.json()['id']}")).status_code == 404


async def test_a_key_is_shown_once_rotated_and_revoked(call: Caller) -> None:
    made = (await call("POST", "/apiClient", {"name": "Backend", "role": "VIEWER"})).json()
    listed = await call("GET", "/apiClient")
    assert made["secret"].startswith("twk_")
    assert made["secret"] not in listed.text
    assert "secret" not in listed.json()[0]
    viewer = Caller(call.http, call.principal, made["secret"], made["id"])
    assert (await viewer("GET", "/user")).status_code == 200
    assert (await viewer("POST", "/apiClient", {"name": "x", "role": "ADMIN"})).status_code == 403
    rotated = (await call("POST", f"/apiClient/{made['id']}/rotate")).json()
    assert rotated["secret"] != made["secret"]
    assert (await viewer("GET", "/user")).status_code == 401
    assert (await call("DELETE", f"/apiClient/{made['id']}")).json() == ""
    assert (await call("GET", f"/apiClient/{made['id']}")).status_code == 404


async def test_a_token_signs_in_as_bearer_and_a_key_does_not(call: Caller) -> None:
    body = {"organizationID": call.principal.organisation_id, "id": call.client_id, "secret": call.key}
    answer = await call.http.post("/public/apiClient/accessToken", json=body)
    assert answer.status_code == 200, answer.text
    token = answer.json()
    assert set(token) == {"access_token", "expires_in", "expires_on", "token_type"}
    assert (token["expires_in"], token["token_type"]) == (3600, "Bearer")
    assert (await call("GET", "/user", Authorization=f"Bearer {token['access_token']}")).status_code == 200
    for wrong in (f"Bearer {call.key}", f"Key {token['access_token']}", f"bearer {token['access_token']}", "Bearer"):
        assert (await call("GET", "/user", Authorization=wrong)).status_code == 401, wrong
    refused = await call.http.post("/public/apiClient/accessToken", json=body | {"secret": "twk_wrong"})
    assert refused.status_code == 401
    assert call.key not in refused.text


async def test_sessions_and_the_organisation(call: Caller, house: House) -> None:
    token = await house.tenancy.sign_in("ada@example.com", PASSWORD, agent="Firefox")
    (session,) = (await call("GET", "/session")).json()
    assert (session["email"], session["userAgent"]) == ("ada@example.com", "Firefox")
    assert token.reveal() not in str(session)
    assert (await call("DELETE", f"/session/{session['id']}")).json() == ""
    assert await house.tenancy.session(token.reveal()) is None
    assert (await call("DELETE", f"/session/{session['id']}")).status_code == 404
    changed = (await call("PATCH", "", {"timeZone": "Asia/Tokyo"})).json()
    assert changed == {"id": call.principal.organisation_id, "name": "Northwind", "timeZone": "Asia/Tokyo"}
    assert (await call("GET", "")).json() == changed
    assert (await call("PATCH", "", {"name": "  "})).json()["field"] == "name"
