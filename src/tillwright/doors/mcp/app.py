"""The server over streamable HTTP at /mcp, with OAuth 2.1 beside it: discovery, registration, tokens, revocation."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.routing import BaseRoute, Route

from tillwright.domains.assistant import Assistant
from tillwright.domains.assistant.grants import Grants
from tillwright.doors.mcp.provider import SCOPE, Access, Provider
from tillwright.doors.mcp.server import Caller, build, unknown

PATHS = (
    "/mcp",
    "/authorize",
    "/token",
    "/register",
    "/revoke",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource/mcp",
)
_HERE = ("127.0.0.1", "localhost", "::1")


class McpDoor:
    """Stateless: any process may answer any request. Only Host and Origin headers of `public_url` are let in."""

    def __init__(self, *, assistant: Assistant, grants: Grants, public_url: str) -> None:
        parts = urlsplit(public_url)
        # OAuth is for HTTPS, or for this machine; elsewhere the door stays shut and nothing answers at /mcp.
        self.open = parts.scheme == "https" or parts.hostname in _HERE
        if not self.open:
            return
        provider = Provider(grants, public_url)
        origin = f"{parts.scheme}://{parts.netloc}"
        self._app = build(assistant, _caller).streamable_http_app(
            streamable_http_path="/mcp",
            json_response=True,
            stateless_http=True,
            max_request_body_size=256 * 1024,
            transport_security=TransportSecuritySettings(allowed_hosts=[parts.netloc], allowed_origins=[origin]),
            auth=AuthSettings(
                issuer_url=AnyHttpUrl(origin),
                resource_server_url=AnyHttpUrl(grants.resource),
                validate_token_resource=True,
                required_scopes=[SCOPE],
                client_registration_options=ClientRegistrationOptions(
                    enabled=True, valid_scopes=[SCOPE], default_scopes=[SCOPE]
                ),
                revocation_options=RevocationOptions(enabled=True),
            ),
            token_verifier=provider,
            auth_server_provider=provider,
        )

    def routes(self) -> Sequence[BaseRoute]:
        """For the web process, before the console, which answers everything else."""
        return [Route(path, endpoint=self._app) for path in PATHS] if self.open else []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Around the time in which requests are answered."""
        if not self.open:
            yield
            return
        async with self._app.router.lifespan_context(self._app):
            yield


async def _caller() -> Caller:
    token = get_access_token()
    if not isinstance(token, Access):
        raise unknown()
    return token.principal, token.via, token.livemode
