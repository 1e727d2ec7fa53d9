"""The OAuth port against a real server that answers as Stripe's documentation says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.serving import serving
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import KeyRefused, RequestRefused, StripeBroken, StripeUnreachable
from tillwright.gateways.stripe.live import LiveOAuth
from tillwright.kit.seal import Secret

CANARY = "rk_test_canary_platform"
ACCESS = Access("org_1", Secret(CANARY), False, "acct_platform")
GRANT = {"stripe_user_id": "acct_user", "livemode": False, "scope": "read_only", "access_token": "never_kept"}


class Connect:
    """Answers what it was told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status, self.body = 200, str(GRANT)
        self.asked: list[tuple[str, dict[str, list[str]], str]] = []
        self.url = ""

    def will(self, status: int, body: str) -> None:
        self.status, self.body = status, body

    async def __call__(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        self.asked.append((request.url.path, form, request.headers.get("authorization", "")))
        return PlainTextResponse(self.body, self.status)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    made = Connect()

    async def answer(request: Request) -> Response:
        return await made(request)

    routes = [Route(f"/oauth/{name}", answer, methods=["POST"]) for name in ("token", "deauthorize")]
    async with serving(Starlette(routes=routes)) as client:
        made.url = str(client.base_url).rstrip("/")
        yield made


def test_the_address_to_send_a_browser_to() -> None:
    url = LiveOAuth("https://connect.stripe.com").authorize_url(
        client_id="ca_1", redirect_uri="https://example.com/back", state="s t", scope="read_only"
    )
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "connect.stripe.com", "/oauth/authorize")
    assert parse_qs(parts.query) == {
        "client_id": ["ca_1"],
        "redirect_uri": ["https://example.com/back"],
        "response_type": ["code"],
        "scope": ["read_only"],
        "state": ["s t"],
    }


async def test_a_code_is_worth_an_account_and_no_token_is_kept(connect: Connect) -> None:
    connect.will(200, '{"stripe_user_id": "acct_user", "livemode": false, "scope": "read_only", "access_token": "x"}')
    grant = await LiveOAuth(connect.url).redeem(ACCESS, "ac_1")
    assert (grant.account_id, grant.livemode, grant.scope) == ("acct_user", False, "read_only")
    assert not hasattr(grant, "access_token")
    path, form, authorization = connect.asked[0]
    assert (path, form) == ("/oauth/token", {"grant_type": ["authorization_code"], "code": ["ac_1"]})
    assert authorization == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error": "invalid_grant", "error_description": "This authorization code has already been used."}',
         RequestRefused),
        (400, '{"error": "invalid_scope", "error_description": "Invalid scope provided: read_only."}', RequestRefused),
        (401, '{"error": "invalid_client", "error_description": "No such platform."}', KeyRefused),
        (500, "{}", StripeBroken),
        (502, "<html>bad gateway</html>", StripeBroken),
        (200, "<html>maintenance</html>", StripeBroken),
        (200, "{}", StripeBroken),
    ],
)  # fmt: skip
async def test_a_refusal_says_what_to_do_and_never_shows_the_key(
    connect: Connect, status: int, body: str, kind: type[Exception]
) -> None:
    connect.will(status, body)
    with pytest.raises(kind) as caught:
        await LiveOAuth(connect.url).redeem(ACCESS, "ac_1")
    assert getattr(caught.value, "remedy", None)
    assert CANARY not in repr(caught.value) + str(caught.value)


async def test_no_answer_is_no_telling(connect: Connect) -> None:
    with pytest.raises(StripeUnreachable):
        await LiveOAuth("http://127.0.0.1:1").redeem(ACCESS, "ac_1")


async def test_revoking_what_is_revoked_is_done(connect: Connect) -> None:
    oauth = LiveOAuth(connect.url)
    connect.will(200, '{"stripe_user_id": "acct_user"}')
    assert await oauth.revoke(ACCESS, client_id="ca_1", account_id="acct_user")
    assert connect.asked[0][:2] == ("/oauth/deauthorize", {"client_id": ["ca_1"], "stripe_user_id": ["acct_user"]})
    connect.will(
        401,
        '{"error": "invalid_client", "error_description": "This application is not connected to stripe account'
        ' acct_user, or that account does not exist."}',
    )
    assert not await oauth.revoke(ACCESS, client_id="ca_1", account_id="acct_user")
    connect.will(401, '{"error": "invalid_client", "error_description": "No such application."}')
    with pytest.raises(KeyRefused):
        await oauth.revoke(ACCESS, client_id="ca_1", account_id="acct_user")
