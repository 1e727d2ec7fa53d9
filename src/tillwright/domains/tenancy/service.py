"""Signing in, and finding out who a token or a key belongs to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tillwright.domains import audit
from tillwright.domains.tenancy import store
from tillwright.domains.tenancy.model import ApiClient, Organisation, Principal, Session
from tillwright.domains.tenancy.passwords import check_strength, hash_password, verify_password
from tillwright.domains.tenancy.rights import ROLES
from tillwright.gateways.database import Database
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid
from tillwright.kit.seal import Secret

_SESSION_LIFE = timedelta(days=14)
_TRIES, _TRY_WINDOW = 10, timedelta(minutes=15)
_MOST_API_CLIENTS = 5
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


class Tenancy:
    """The verbs of tenancy.

    Args:
        clock: for expiry and entries.
        database: as the application role.
    """

    def __init__(self, *, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database

    async def create_organisation(self, name: str, email: str, password: str, *, person: str = "") -> Principal:
        """Make an organisation and its first administrator.

        Raises:
            Invalid: the name, address or password is not usable.
            Conflict: the address signs in already.
        """
        name, email = _name(name, "name"), _email(email)
        check_strength(password)
        password_hash = await hash_password(password)
        organisation_id, user_id, now = ids.new("org"), ids.new("usr"), self._clock.now()
        principal = Principal(organisation_id, "USER", user_id, person or email, "ADMIN", name)
        async with self._database.tenant(organisation_id) as tx:
            if not await store.insert_user(tx, user_id, email, principal.name, password_hash, now):
                raise Conflict(
                    "email_taken", f"{email} has a sign-in already.", field="email", remedy="Sign in with it."
                )
            await store.insert_organisation(tx, organisation_id, name, now)
            await store.insert_membership(tx, organisation_id, user_id, "ADMIN", now)
            await audit.record(
                tx,
                organisation_id,
                principal.actor,
                "tenancy:organisation:create",
                organisation_id,
                {"name": name},
                now,
            )
        return principal

    async def is_new(self) -> bool:
        """Whether nobody can sign in yet."""
        async with self._database.open() as tx:
            return await store.count_users(tx) == 0

    async def organisation_ids(self) -> Sequence[str]:
        async with self._database.open() as tx:
            return await store.organisation_ids(tx)

    async def sign_in(self, email: str, password: str, *, agent: str = "") -> Secret:
        """Check the password and start a session; returns its token.

        Raises:
            Denied: unknown address or wrong password (never told apart), or too many failures in a quarter of an hour.
        """
        email, now = email.strip().lower(), self._clock.now()
        key = ids.fingerprint(email)
        async with self._database.open() as tx:
            if await store.failures(tx, key, now - _TRY_WINDOW) >= _TRIES:
                raise Denied(
                    "too_many_failures",
                    "Too many failed sign-ins for this address.",
                    remedy="Wait a quarter of an hour, then try again.",
                )
            user = await store.user_by_email(tx, email)
            organisations = list(await store.memberships(tx, user["id"])) if user else list[Organisation]()
        # The hash takes 0.1 s: no connection is held meanwhile.
        if not await verify_password(password, user["password_hash"] if user else None):
            async with self._database.open() as tx:
                await store.add_failure(tx, key, now, now - _TRY_WINDOW)
            raise Denied(
                "sign_in_failed",
                "Address and password do not match.",
                field="password",
                remedy="Check both, then try again.",
            )
        if not user or not organisations:
            raise Denied(
                "no_organisation", "You belong to no organisation.", remedy="Ask an administrator to invite you."
            )
        token, first = ids.token(), organisations[0]
        async with self._database.tenant(first.id) as tx:
            session_id = ids.new("ses")
            await store.clear_failures(tx, key)
            await store.insert_session(
                tx, session_id, ids.fingerprint(token), user["id"], first.id, now, _SESSION_LIFE, agent[:200]
            )
            actor = audit.Actor("USER", user["id"], user["name"])
            await audit.record(tx, first.id, actor, "console:session:start", session_id, {}, now)
        return Secret(token)

    async def session(self, token: str) -> Session | None:
        """Who the token belongs to; None if it is unknown, expired, or its user left the organisation."""
        digest, now = ids.fingerprint(token), self._clock.now()
        async with self._database.open() as tx:
            row = await store.session_by_digest(tx, digest, now)
            if row is None:
                return None
            at = {o.id: o for o in await store.memberships(tx, row["user_id"])}.get(row["organisation_id"])
            if at is None:
                return None
            if now - row["seen"] > timedelta(minutes=5):
                await store.touch_session(tx, row["id"], now)
        principal = Principal(at.id, "USER", row["user_id"], row["name"], at.role, at.name)
        csrf = hashlib.sha256(b"csrf:" + token.encode()).hexdigest()
        return Session(row["id"], row["user_id"], row["email"], row["name"], principal, csrf, row["expires"])

    async def sign_out(self, token: str) -> None:
        async with self._database.open() as tx:
            await store.delete_session(tx, ids.fingerprint(token))

    async def organisations(self, user_id: str) -> Sequence[Organisation]:
        async with self._database.open() as tx:
            return await store.memberships(tx, user_id)

    async def enter(self, token: str, organisation_id: str) -> None:
        """Move the session to another organisation of its user.

        Raises:
            Absent: the user is no member of it.
        """
        session = await self.session(token)
        if session is None or organisation_id not in {o.id for o in await self.organisations(session.user_id)}:
            raise Absent("organisation_absent", "There is no such organisation among yours.")
        async with self._database.open() as tx:
            await store.move_session(tx, ids.fingerprint(token), organisation_id)

    async def principal_of_key(self, key: str) -> Principal:
        """Who an API key belongs to.

        Raises:
            Denied: no such key, or it was revoked.
        """
        async with self._database.open() as tx:
            row = await store.api_client_by_digest(tx, ids.fingerprint(key))
        if row is None:
            raise Denied(
                "api_key_invalid",
                "This API key is not known.",
                remedy="Make one under Settings → API keys and send it as Authorization: Key ….",
            )
        async with self._database.tenant(row["organisation_id"]) as tx:
            await store.touch_api_client(tx, row["organisation_id"], row["id"], self._clock.now())
        return Principal(row["organisation_id"], "API_CLIENT", row["id"], row["name"], row["role"])

    async def api_clients(self, principal: Principal) -> Sequence[ApiClient]:
        principal.require("api_client:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.api_clients(tx, principal.organisation_id)

    async def create_api_client(self, principal: Principal, name: str, role: str) -> tuple[ApiClient, Secret]:
        """Make a key for programs; the key is returned here and never again.

        Raises:
            Invalid: no usable name, or an unknown role.
            Conflict: the organisation has five already.
        """
        principal.require("api_client:write")
        name = _name(name, "name")
        if role not in ROLES:
            raise Invalid(
                "role_unknown", f"There is no role {role!r}.", field="role", remedy="Choose ADMIN, EDITOR or VIEWER."
            )
        key, now, organisation_id = f"twk_{ids.token()}", self._clock.now(), principal.organisation_id
        client = ApiClient(ids.new("apc"), name, role, key[-4:], principal.actor_id, now, None)
        async with self._database.tenant(organisation_id) as tx:
            if await store.lock_api_clients(tx, organisation_id) >= _MOST_API_CLIENTS:
                raise Conflict(
                    "api_clients_full",
                    f"An organisation has at most {_MOST_API_CLIENTS} API keys.",
                    remedy="Revoke one that is no longer used.",
                )
            await store.insert_api_client(tx, organisation_id, client, ids.fingerprint(key))
            await audit.record(
                tx,
                organisation_id,
                principal.actor,
                "tenancy:api_client:create",
                client.id,
                {"name": name, "role": role},
                now,
            )
        return client, Secret(key)

    async def rotate_api_client(self, principal: Principal, client_id: str) -> tuple[ApiClient, Secret]:
        """Replace a client's key; the old one stops working at once.

        Raises:
            Absent: there is no such client.
        """
        principal.require("api_client:write")
        key, organisation_id = f"twk_{ids.token()}", principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            if not await store.replace_api_key(tx, organisation_id, client_id, ids.fingerprint(key), key[-4:]):
                raise _no_api_client(client_id)
            client = next(c for c in await store.api_clients(tx, organisation_id) if c.id == client_id)
            await audit.record(
                tx, organisation_id, principal.actor, "tenancy:api_client:rotate", client_id, {}, self._clock.now()
            )
        return replace(client, hint=key[-4:]), Secret(key)

    async def revoke_api_client(self, principal: Principal, client_id: str) -> None:
        """Revoke a key; it stops working at once.

        Raises:
            Absent: there is no such client.
        """
        principal.require("api_client:write")
        organisation_id = principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            if not await store.delete_api_client(tx, organisation_id, client_id):
                raise _no_api_client(client_id)
            await audit.record(
                tx, organisation_id, principal.actor, "tenancy:api_client:revoke", client_id, {}, self._clock.now()
            )


def _no_api_client(client_id: str) -> Absent:
    return Absent(
        "api_client_absent", f"There is no API key {client_id}.", remedy="List them under Settings → API keys."
    )


def _name(text: str, field: str) -> str:
    text = " ".join(text.split())
    if not 1 <= len(text) <= 100:
        raise Invalid("name_length", "A name has 1 to 100 characters.", field=field, remedy="Give it a short name.")
    return text


def _email(text: str) -> str:
    text = text.strip().lower()
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise Invalid(
            "email_invalid", f"{text[:60]!r} is no mail address.", field="email", remedy="Write it as name@example.com."
        )
    return text
