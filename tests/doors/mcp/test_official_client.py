"""The official client over HTTP: it finds its way in by itself, asks, is refused once access has ended."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from tests.doors.mcp.conftest import Office


class Kept:
    """What an assistant keeps between two starts."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def authorised(office: Office, kept: Kept, *, via: str = "connection") -> httpx2.AsyncClient:
    """The SDK's own OAuth: discovery, registration, PKCE; Ada agrees in her browser."""
    came: list[str] = []

    async def to_browser(address: str) -> None:
        came.append(await office.consent(address, via=via))

    async def back() -> AuthorizationCodeResult:
        told = dict(parse_qsl(urlsplit(came[-1]).query))
        return AuthorizationCodeResult(code=told["code"], state=told.get("state"))

    metadata = OAuthClientMetadata(
        client_name="Test assistant", redirect_uris=[AnyUrl("http://127.0.0.1:9/callback")], scope="read",
        grant_types=["authorization_code", "refresh_token"], response_types=["code"],
    )  # fmt: skip
    return httpx2.AsyncClient(
        auth=OAuthClientProvider(
            server_url=f"{office.url}/mcp", client_metadata=metadata, storage=kept,
            redirect_handler=to_browser, callback_handler=back,
        ),
        timeout=30,
    )  # fmt: skip


@pytest.mark.parametrize("via", ["connection", "organisation"])
async def test_it_registers_asks_for_consent_and_reads(office: Office, via: str) -> None:
    kept, writes = Kept(), len(office.sandbox.world.ledger.lines)
    async with (
        authorised(office, kept, via=via) as http,
        Client(streamable_http_client(f"{office.url}/mcp", http_client=http)) as client,
    ):
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == set(office.house.assistant.tools())
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        answer = await client.call_tool("find_customers", {"limit": 3})
        assert answer.is_error is False
        told = answer.structured_content
        here = "acct_harbourbakery00" if via == "connection" else office.sandbox.account
        assert (told["account"]["id"], told["account"]["mode"]) == (here, "test")
        if via == "connection":
            assert told["total"] == sum(not customer.deleted for customer in office.books.customers)
        refused = await client.call_tool("create_refund", {"charge": "ch_1"})
        assert refused.is_error
        assert refused.structured_content["error"] == "tool_unknown"
        wrong = await client.call_tool("find_payments", {"amount_min": "x", "colour": "red"})
        assert {each["field"] for each in wrong.structured_content["problems"]} == {"amount_min", "colour"}
    assert len(office.sandbox.world.ledger.lines) == writes
    async with office.house.database.tenant(office.principal.organisation_id) as tx:
        query = "select actor_id, detail from audit_entries where action = 'mcp:assistant:ask' order by number limit 1"
        entry = await (await tx.execute(query)).fetchone()
    assert (entry["actor_id"], entry["detail"]["total"]) == (office.principal.actor_id, told["total"])


async def test_revoked_in_the_console_it_is_refused_at_once(office: Office) -> None:
    kept = Kept()
    async with (
        authorised(office, kept) as http,
        Client(streamable_http_client(f"{office.url}/mcp", http_client=http)) as client,
    ):
        assert (await client.call_tool("balance", {})).is_error is False
    assert kept.tokens
    [grant] = await office.house.grants.mine(office.principal)
    assert "Test assistant" in (await office.ada.see("/assistant/access")).text
    gone = await office.ada.send(f"/assistant/access/{grant.id}/revoke", seen="/assistant/access")
    assert gone.status_code == 303
    bearer = {"Authorization": f"Bearer {kept.tokens.access_token}", "Accept": "application/json, text/event-stream"}
    question = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    refused = await office.ada.client.post("/mcp", json=question, headers=bearer)
    assert refused.status_code == 401
    assert "oauth-protected-resource/mcp" in refused.headers["www-authenticate"]


async def test_disconnected_the_account_is_gone_for_its_assistant_too(office: Office) -> None:
    kept = Kept()
    async with (
        authorised(office, kept) as http,
        Client(streamable_http_client(f"{office.url}/mcp", http_client=http)) as client,
    ):
        [connection] = await office.house.connections.mine(office.principal)
        await office.house.connections.disconnect(office.principal, connection.id)
        refused = await client.call_tool("balance", {})
        assert refused.structured_content["error"] == "connection_absent"


@pytest.mark.processes
async def test_the_command_speaks_it_over_standard_input_and_output(office: Office) -> None:
    import os
    import sys

    from mcp.client.stdio import StdioServerParameters, stdio_client

    settings = office.house.settings
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TILLWRIGHT_")} | {
        "TILLWRIGHT_DATA": str(settings.data),
        "TILLWRIGHT_DATABASE_URL": office.house.database.owner_url.reveal(),
        "TILLWRIGHT_STRIPE_API_BASE": office.sandbox.url,
    }
    arguments = ["-m", "tillwright.main", "mcp", "--user", "ada@example.com"]
    started = StdioServerParameters(command=sys.executable, args=arguments, env=environment)
    async with Client(stdio_client(started)) as client:
        assert len((await client.list_tools()).tools) == len(office.house.assistant.tools())
        answer = await client.call_tool("find_products", {"status": "inactive"})
    assert answer.structured_content["total"] == sum(not product[2] for product in office.books.products)
    assert answer.structured_content["account"]["via"] == "connection"
