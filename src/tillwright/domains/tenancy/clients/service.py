"""API clients, and who a key or a token belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.tenancy.clients import store
from tillwright.domains.tenancy.model import ApiClient, Principal
from tillwright.domains.tenancy.names import name_of
from tillwright.domains.tenancy.rights import role_of
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Denied
from tillwright.kit.seal import Secret

MOST = 5
TOKEN_LIFE = timedelta(hours=1)


class ApiClients:
    """The verbs of this part of the room; `Tenancy` says what each does and raises."""

    def __init__(self, *, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database

    async def list(self, principal: Principal) -> Sequence[ApiClient]:
        principal.require("api_client:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.all_of(tx, principal.organisation_id)

    async def create(self, principal: Principal, name: str, role: str) -> tuple[ApiClient, Secret]:
        principal.require("api_client:write")
        name, role = name_of(name, "name"), role_of(role)
        key, now, organisation_id = f"twk_{ids.token()}", self._clock.now(), principal.organisation_id
        client = ApiClient(ids.new("apc"), name, role, key[-4:], principal.actor_id, now, now, None)
        async with self._database.tenant(organisation_id) as tx:
            if await store.lock(tx, organisation_id) >= MOST:
                raise Conflict(
                    "api_clients_full",
                    f"An organisation has at most {MOST} API keys.",
                    remedy="Revoke one that is no longer used.",
                )
            await store.insert(tx, organisation_id, client, ids.fingerprint(key))
            await self._note(tx, principal, client, "create", "created")
        return client, Secret(key)

    async def rotate(self, principal: Principal, client_id: str) -> tuple[ApiClient, Secret]:
        principal.require("api_client:write")
        key, now, organisation_id = f"twk_{ids.token()}", self._clock.now(), principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            client = await self._found(tx, organisation_id, client_id)
            client = replace(client, hint=key[-4:], updated=now)
            await store.replace_key(tx, organisation_id, client, ids.fingerprint(key))
            await store.end_tokens(tx, organisation_id, client_id)
            await self._note(tx, principal, client, "rotate", "secret_rotated")
        return client, Secret(key)

    async def revoke(self, principal: Principal, client_id: str) -> None:
        principal.require("api_client:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            client = await self._found(tx, principal.organisation_id, client_id)
            await store.delete(tx, principal.organisation_id, client_id)
            await self._note(tx, principal, client, "revoke", "deleted")

    async def principal_of_key(self, key: str) -> Principal:
        async with self._database.open() as tx:
            row = await store.by_digest(tx, ids.fingerprint(key))
        return await self._used(row)

    async def principal_of_token(self, token: str) -> Principal:
        async with self._database.open() as tx:
            row = await store.by_token(tx, ids.fingerprint(token), self._clock.now())
        if row is None:
            raise Denied(
                "access_token_invalid",
                "This access token is not known, or its hour is over.",
                field="Authorization",
                remedy="Ask for another with POST /public/apiClient/accessToken, or send the key itself as "
                "Authorization: Key ….",
            )
        return await self._used(row)

    async def exchange(self, organisation_id: str, client_id: str, secret: str) -> tuple[Secret, datetime]:
        async with self._database.open() as tx:
            row = await store.by_digest(tx, ids.fingerprint(secret))
        # One answer for every way of being wrong: nobody learns which organisations or clients there are.
        if row is None or (row["organisation_id"], row["id"]) != (organisation_id, client_id):
            raise _unknown_key()
        token, now = ids.token(), self._clock.now()
        actor = audit.Actor("API_CLIENT", client_id, row["name"])
        async with self._database.tenant(organisation_id) as tx:
            await store.insert_token(tx, organisation_id, client_id, ids.fingerprint(token), now, now + TOKEN_LIFE)
            await audit.record(tx, organisation_id, actor, "api:access_token:issue", client_id, {}, now)
        return Secret(token), now + TOKEN_LIFE

    async def _used(self, row: dict[str, Any] | None) -> Principal:
        if row is None:
            raise _unknown_key()
        async with self._database.tenant(row["organisation_id"]) as tx:
            await store.touch(tx, row["organisation_id"], row["id"], self._clock.now())
        return Principal(row["organisation_id"], "API_CLIENT", row["id"], row["name"], row["role"])

    async def _found(self, tx: Tx, organisation_id: str, client_id: str) -> ApiClient:
        client = next((c for c in await store.all_of(tx, organisation_id) if c.id == client_id), None)
        if client is None:
            raise Absent(
                "api_client_absent", f"There is no API key {client_id}.", remedy="List them under Settings → API keys."
            )
        return client

    async def _note(self, tx: Tx, principal: Principal, client: ApiClient, did: str, became: str) -> None:
        organisation_id, now = principal.organisation_id, self._clock.now()
        said = {"name": client.name, "role": client.role}
        await audit.record(tx, organisation_id, principal.actor, f"tenancy:api_client:{did}", client.id, said, now)
        data = {"apiClientId": client.id, **said, "by": principal.name}
        await events.record(tx, organisation_id, f"api_client:KEY:{became}", data, now)


def _unknown_key() -> Denied:
    return Denied(
        "api_key_invalid",
        "This API key is not known.",
        remedy="Make one under Settings → API keys and send it as Authorization: Key ….",
    )
