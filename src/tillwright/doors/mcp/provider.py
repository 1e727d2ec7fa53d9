"""The SDK's OAuth routes, answered by our grants: it checks the protocol, they decide."""

from __future__ import annotations

import re

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    AuthorizeError,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    RegistrationError,
    TokenError,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyUrl

from tillwright.domains.assistant import Via
from tillwright.domains.assistant.grants import Asked, Grant, Grants, Program, Tokens
from tillwright.domains.tenancy import Principal
from tillwright.kit.errors import TillwrightError
from tillwright.kit.seal import Secret

SCOPE = "read"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
CONSENT = "/assistant/authorize"
"""Where the console lets the person decide."""


class Code(AuthorizationCode):
    """With the grant it is for."""

    grant: Grant


class Refresh(RefreshToken):
    grant: Grant


class Access(AccessToken):
    """With whom it speaks for. Kept in memory for one request, never sent."""

    principal: Principal
    via: Via
    livemode: bool


class Provider(OAuthAuthorizationServerProvider[Code, Refresh, Access]):
    """`public_url` is where people's browsers find the console."""

    def __init__(self, grants: Grants, public_url: str) -> None:
        self._grants = grants
        self._public_url = public_url.rstrip("/")

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        program = await self._grants.program(client_id)
        return OAuthClientInformationFull.model_validate_json(program.document.reveal()) if program else None

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        for address in client_info.redirect_uris or []:
            if address.scheme == "http" and address.host not in ("127.0.0.1", "localhost", "[::1]", "::1"):
                raise RegistrationError("invalid_redirect_uri", "An address on another machine needs https.")
            if address.scheme in ("javascript", "data", "file", "vbscript", "blob", "about"):
                raise RegistrationError("invalid_redirect_uri", "This kind of address is not accepted.")
        program_id, name = str(client_info.client_id), client_info.client_name or "An assistant"
        document = Secret(client_info.model_dump_json(exclude_none=True))
        try:
            await self._grants.register(Program(program_id, name, document))
        except TillwrightError as error:
            raise RegistrationError("invalid_client_metadata", error.sentence) from None

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        if not _CHALLENGE.fullmatch(params.code_challenge):  # an empty one would be proven by anybody
            raise AuthorizeError("invalid_request", "code_challenge must be a SHA-256 in base64url.")
        asked = Asked(
            program_id=str(client.client_id),
            program_name=(client.client_name or "An assistant")[:100],
            redirect_uri=str(params.redirect_uri),
            redirect_uri_given=params.redirect_uri_provided_explicitly,
            challenge=params.code_challenge,
            resource=params.resource or self._grants.resource,
            state=params.state,
        )
        try:
            ticket = await self._grants.ask(asked)
        except TillwrightError as error:
            raise AuthorizeError("invalid_target", error.sentence) from None
        return f"{self._public_url}{CONSENT}?request={ticket.reveal()}"

    async def load_authorization_code(self, client: OAuthClientInformationFull, authorization_code: str) -> Code | None:
        grant = await self._grants.of_code(authorization_code, str(client.client_id))
        if grant is None:
            return None
        return Code(
            code=authorization_code,
            scopes=[SCOPE],
            expires_at=grant.code_expires.timestamp(),
            client_id=grant.program_id,
            code_challenge=grant.code_challenge,
            redirect_uri=AnyUrl(grant.redirect_uri),
            redirect_uri_provided_explicitly=True,
            resource=grant.resource,
            grant=grant,
        )

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: Code
    ) -> OAuthToken:
        return _issued(await self._grants.hand_out(authorization_code.grant, authorization_code.code))

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> Refresh | None:
        grant = await self._grants.of_refresh(refresh_token, str(client.client_id))
        if grant is None:
            return None
        return Refresh(
            token=refresh_token, client_id=grant.program_id, scopes=[SCOPE], resource=grant.resource, grant=grant
        )

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: Refresh, scopes: list[str]
    ) -> OAuthToken:
        return _issued(await self._grants.hand_out(refresh_token.grant, refresh_token.token))

    async def load_access_token(self, token: str) -> Access | None:
        found = await self._grants.of_access(token)
        if found is None:
            return None
        grant, principal = found
        return Access(
            token=token,
            client_id=grant.program_id,
            scopes=[SCOPE],
            resource=grant.resource,
            subject=grant.user_id,
            principal=principal,
            via="connection" if grant.via == "connection" else "organisation",
            livemode=grant.livemode,
        )

    async def verify_token(self, token: str) -> AccessToken | None:
        return await self.load_access_token(token)

    async def revoke_token(self, token: Access | Refresh) -> None:
        await self._grants.revoke_token(token.token, token.client_id)


def _issued(tokens: Tokens | None) -> OAuthToken:
    if tokens is None:
        raise TokenError("invalid_grant", "It was used already.")
    return OAuthToken(
        access_token=tokens.access.reveal(),
        token_type="Bearer",  # noqa: S106 - the kind of token, not one
        expires_in=tokens.lasts,
        refresh_token=tokens.refresh.reveal(),
        scope=SCOPE,
    )
