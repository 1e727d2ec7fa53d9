"""Connect by OAuth: authorised on the page, redeemed once, reaching the account's data, taken back from both sides."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.sandbox.conftest import Sandbox
from tillwright_sandbox.world import ACME, NORTHWIND, OLD_MILL

BACK = "http://127.0.0.1:8420/back"
CLIENT = "ca_northwindsandbx"


def page(sandbox: Sandbox, **changed: str) -> httpx.Response:
    asked = {"client_id": CLIENT, "response_type": "code", "scope": "read_only", "redirect_uri": BACK, "state": "s t"}
    return httpx.get(f"{sandbox.url}/oauth/authorize", params=asked | changed)


def decide(sandbox: Sandbox, decision: str = "connect", account: str = ACME, **changed: str) -> dict[str, str]:
    """Presses a button of the page as it is; what the browser is sent back with."""
    shown = page(sandbox, **changed)
    hidden = {
        name: html.unescape(value) for name, value in re.findall(r'"hidden" name="(\w+)" value="([^"]*)"', shown.text)
    }
    answer = httpx.post(f"{sandbox.url}/oauth/authorize", data=hidden | {"decision": decision, "account": account})
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    assert address.startswith(BACK + "?")
    return dict(parse_qsl(urlsplit(address).query))


def token(sandbox: Sandbox, code: str, key: str | None = None) -> httpx.Response:
    return sandbox.http("POST", "/oauth/token", key, data={"grant_type": "authorization_code", "code": code})


def leave(sandbox: Sandbox, account: str = ACME, client: str = CLIENT) -> httpx.Response:
    return sandbox.http("POST", "/oauth/deauthorize", data={"client_id": client, "stripe_user_id": account})


def connect(sandbox: Sandbox, **changed: str) -> dict[str, str]:
    return token(sandbox, decide(sandbox, **changed)["code"]).json()


def test_the_page_names_who_asks_and_lets_the_person_choose(sandbox: Sandbox) -> None:
    shown = page(sandbox)
    assert shown.status_code == 200
    assert "Northwind Demo will be able to read its data, in test mode" in shown.text
    assert ACME in shown.text
    assert f'value="{NORTHWIND}"' not in shown.text


def test_a_code_is_worth_the_account_once_and_used_again_takes_it_back(sandbox: Sandbox) -> None:
    told = decide(sandbox)
    assert (told["state"], told["scope"]) == ("s t", "read_only")
    first = token(sandbox, told["code"]).json()
    assert (first["stripe_user_id"], first["livemode"], first["scope"]) == (ACME, False, "read_only")
    assert sandbox.http("GET", "/v1/customers", headers={"Stripe-Account": ACME}).status_code == 200
    again = token(sandbox, told["code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert "already been used" in again.json()["error_description"]
    assert sandbox.http("GET", "/v1/customers", headers={"Stripe-Account": ACME}).status_code == 403


def test_who_says_no_comes_back_with_access_denied(sandbox: Sandbox) -> None:
    told = decide(sandbox, "cancel")
    assert told == {"state": "s t", "error": "access_denied", "error_description": "The user denied your request"}


def test_the_account_keeps_data_of_its_own(sandbox: Sandbox) -> None:
    connect(sandbox)
    theirs = sandbox.client_with("sk_test_sandbox_acme").v1.customers.create({"name": "Of Acme"})
    sandbox.client.v1.customers.create({"name": "Of Northwind"})
    seen = sandbox.client.v1.customers.list({}, {"stripe_account": ACME}).data
    assert [one.id for one in seen] == [theirs.id]
    assert sandbox.client.v1.accounts.retrieve_current({}, {"stripe_account": ACME}).id == ACME
    assert ACME in [one.id for one in sandbox.client.v1.accounts.list().data]


def test_test_and_live_are_connected_apart(sandbox: Sandbox) -> None:
    connect(sandbox)
    live = sandbox.http("GET", "/v1/balance", "sk_live_sandbox_northwind", headers={"Stripe-Account": ACME})
    assert live.status_code == 403
    code = decide(sandbox, client_id=CLIENT + "_live")["code"]
    wrong = token(sandbox, code)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    assert token(sandbox, code, "sk_live_sandbox_northwind").json()["livemode"] is True


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "ca_nobodyknowsit"}, "invalid_client"),
        ({"redirect_uri": "https://evil.example/back"}, "invalid_redirect_uri"),
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_sure(sandbox: Sandbox, changed: dict[str, str], error: str) -> None:
    shown = page(sandbox, **changed)
    assert shown.status_code == 400
    assert error in shown.text


def test_registered_addresses_must_match_exactly(sandbox: Sandbox) -> None:
    sandbox.world.connect.platform(NORTHWIND).redirects = ["https://till.example/back"]
    assert page(sandbox).status_code == 400
    assert page(sandbox, redirect_uri="https://till.example/back/").status_code == 400
    assert page(sandbox, redirect_uri="https://till.example/back").status_code == 200


def test_read_only_is_for_old_extensions(sandbox: Sandbox) -> None:
    sandbox.world.connect.platform(NORTHWIND).read_only = False
    answer = page(sandbox)
    assert (answer.status_code, "error=invalid_scope" in answer.headers["location"]) == (303, True)
    assert page(sandbox, scope="read_write").status_code == 200


@pytest.mark.parametrize(
    ("data", "status", "error"),
    [
        ({"grant_type": "authorization_code", "code": "ac_unknown"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        ({"grant_type": "password", "code": "x"}, 400, "unsupported_grant_type"),
    ],
)
def test_the_token_speaks_oauths_errors(sandbox: Sandbox, data: dict[str, str], status: int, error: str) -> None:
    answer = sandbox.http("POST", "/oauth/token", data=data)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    nobody = sandbox.http("POST", "/oauth/token", "sk_test_nobody", data=data)
    assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")


def test_an_old_code_is_worth_nothing(sandbox: Sandbox) -> None:
    code = decide(sandbox)["code"]
    sandbox.world.clock.advance(301)
    assert "expired" in token(sandbox, code).json()["error_description"]


def test_a_code_is_its_platforms_alone(sandbox: Sandbox) -> None:
    assert token(sandbox, decide(sandbox)["code"], "sk_test_sandbox_oldmill").json()["error"] == "invalid_grant"


def test_leaving_ends_the_reach_and_is_told_and_twice_is_not_connected(sandbox: Sandbox) -> None:
    connect(sandbox)
    assert leave(sandbox).json() == {"stripe_user_id": ACME}
    assert (
        sandbox.http("GET", "/v1/customers", headers={"Stripe-Account": ACME}).json()["error"]["code"]
        == "account_invalid"
    )
    told = [event for event in sandbox.client.v1.events.list().data if event.type == "account.application.deauthorized"]
    assert [event.account for event in told] == [ACME]
    again = leave(sandbox)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "not connected" in again.json()["error_description"]
    assert leave(sandbox, client="ca_oldmillsandbox0").json()["error"] == "invalid_client"


def test_the_person_can_take_it_back_at_stripe(sandbox: Sandbox) -> None:
    connect(sandbox)
    done = httpx.post(f"{sandbox.url}/_sandbox/connect/revoke", json={"connected": ACME})
    assert done.json() == {"revoked": True}
    assert sandbox.http("GET", "/v1/balance", headers={"Stripe-Account": ACME}).status_code == 403


def test_a_restricted_key_with_connect_read_alone_only_reads_there(sandbox: Sandbox) -> None:
    connect(sandbox)
    key = sandbox.world.keys.create(NORTHWIND, False, ["customer_write", "connect_read"]).secret
    there = {"Stripe-Account": ACME}
    assert sandbox.http("GET", "/v1/customers", key, headers=there).status_code == 200
    refused = sandbox.http("POST", "/v1/customers", key, headers=there, data={"name": "x"})
    assert (refused.status_code, "connect_write" in refused.json()["error"]["message"]) == (403, True)
    assert sandbox.http("POST", "/v1/customers", key, data={"name": "x"}).status_code == 200


def test_faults_meet_oauth_too_and_each_request_is_in_the_ledger(sandbox: Sandbox) -> None:
    code = decide(sandbox)["code"]
    rule = {"kind": "status", "status": 500, "path": "/oauth/token", "effect": "done", "times": 1}
    httpx.post(f"{sandbox.url}/_sandbox/faults", json=rule)
    assert token(sandbox, code).status_code == 500
    assert sandbox.world.connect.reaches(NORTHWIND, ACME, False)
    assert [(line.path, line.accepted) for line in sandbox.world.ledger.lines] == [("/oauth/token", True)]


def test_it_all_survives_a_restart(sandbox: Sandbox) -> None:
    connect(sandbox)
    waiting = decide(sandbox, account=OLD_MILL)["code"]
    sandbox.world.restore(sandbox.world.snapshot())
    assert sandbox.world.connect.reaches(NORTHWIND, ACME, False)
    assert token(sandbox, waiting).status_code == 200
