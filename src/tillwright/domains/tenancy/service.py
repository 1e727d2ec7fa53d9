"""Signing in, and finding out who a token or a key belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.tenancy import refused, store
from tillwright.domains.tenancy.clients.service import ApiClients
from tillwright.domains.tenancy.model import ApiClient, Organisation, Principal, Refused, Session, SignedIn
from tillwright.domains.tenancy.names import email_of, name_of, zone_of
from tillwright.domains.tenancy.passwords import TRIES, TRY_WINDOW, check_strength, hash_password, verify_password
from tillwright.domains.tenancy.rights import ROLES
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Denied
from tillwright.kit.seal import Secret

_SESSION_LIFE = timedelta(days=14)


class Tenancy:
    """The verbs of tenancy.

    Args:
        clock: for expiry and entries.
        database: as the application role.
    """

    def __init__(self, *, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database
        self._clients = ApiClients(clock=clock, database=database)

    async def create_organisation(self, name: str, email: str, password: str, *, person: str = "") -> Principal:
        """Make an organisation and its first administrator.

        Raises:
            Invalid: the name, address or password is not usable.
            Conflict: the address signs in already.
        """
        name, email = name_of(name, "name"), email_of(email)
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
            over = await store.failures(tx, key, now - TRY_WINDOW) >= TRIES
            failures = await store.add_failure(tx, key, now, now - TRY_WINDOW) if over else 0
            user = await store.user_by_email(tx, email)
            organisations = list(await store.memberships(tx, user["id"])) if user else list[Organisation]()
        noted: dict[str, Any] = {"email": email, "user": user, "organisations": organisations, "agent": agent}
        if over:
            if refused.worth_an_entry(failures, TRIES):
                why = f"too many failures: {failures} in a quarter of an hour, unread since the tenth"
                await refused.note(self._database, why=why, at=now, **noted)
            raise Denied(
                "too_many_failures",
                "Too many failed sign-ins for this address.",
                remedy="Wait a quarter of an hour, then try again.",
            )
        # The hash takes 0.1 s: no connection is held meanwhile.
        if not await verify_password(password, user["password_hash"] if user else None):
            async with self._database.open() as tx:
                await store.add_failure(tx, key, now, now - TRY_WINDOW)
            why = "wrong password" if user else "nobody has this address"
            await refused.note(self._database, why=why, at=now, **noted)
            raise Denied(
                "sign_in_failed",
                "Address and password do not match.",
                field="password",
                remedy="Check both, then try again.",
            )
        if not user or not organisations:
            await refused.note(self._database, why="in no organisation", at=now, **noted)
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

    async def refused(self, limit: int = 100) -> Sequence[Refused]:
        """Failed sign-ins for addresses nobody has, newest first: for who runs the installation, not for a caller."""
        async with self._database.open() as tx:
            return await store.refused(tx, limit)

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

    async def put_off_ends(self, seconds: float) -> None:
        """Let every session end so much later: who moves a demo's clock by weeks stays signed in."""
        async with self._database.open() as tx:
            await store.put_off_ends(tx, seconds)

    async def sign_out(self, token: str) -> None:
        """End the token's session; one that is over already is none to end."""
        session = await self.session(token)
        if session is None:
            return
        actor, now = session.principal.actor, self._clock.now()
        async with self._database.tenant(session.principal.organisation_id) as tx:
            await store.end_session(tx, session.id)
            await audit.record(tx, session.principal.organisation_id, actor, "console:session:end", session.id, {}, now)

    async def organisations(self, user_id: str) -> Sequence[Organisation]:
        async with self._database.open() as tx:
            return await store.memberships(tx, user_id)

    async def address_of(self, tx: Tx, user_id: str) -> str:
        """A person's mail address; empty if they are gone."""
        return await store.address_of(tx, user_id) or ""

    async def addresses_of(self, tx: Tx, organisation_id: str, role: str) -> Sequence[str]:
        """Mail addresses of the people who have this role or a higher one, by name."""
        return await store.addresses_of(tx, organisation_id, ROLES[ROLES.index(role) :])

    async def enter(self, token: str, organisation_id: str) -> None:
        """Move the session to another organisation of its user.

        Raises:
            Absent: the user is no member of it.
        """
        session = await self.session(token)
        if session is None or organisation_id not in {o.id for o in await self.organisations(session.user_id)}:
            raise Absent("organisation_absent", "There is no such organisation among yours.")
        actor, now = session.principal.actor, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            await store.move_session(tx, ids.fingerprint(token), organisation_id)
            await audit.record(tx, organisation_id, actor, "console:session:enter", session.id, {}, now)

    async def sessions(self, session: Session) -> Sequence[SignedIn]:
        """The user's own sessions, in whichever organisation they are; last seen first."""
        async with self._database.open() as tx:
            return await store.sessions_of_user(tx, session.user_id, self._clock.now())

    async def sessions_of_all(self, principal: Principal) -> Sequence[SignedIn]:
        """Every session that is in the caller's organisation now; last seen first."""
        principal.require("session:write")
        async with self._database.open() as tx:
            return await store.sessions_of_organisation(tx, principal.organisation_id, self._clock.now())

    async def end_session(self, session: Session, session_id: str) -> None:
        """End one of the user's own sessions at once, or, as an administrator, anybody's in the organisation.

        Raises:
            Absent: there is no such session that the caller may end.
        """
        found = list(await self.sessions(session))
        if session.principal.may("session:write"):
            found += await self.sessions_of_all(session.principal)
        ended = next((s for s in found if s.id == session_id), None)
        if ended is None:
            raise Absent("session_absent", "There is no such session.", remedy="It may have ended already.")
        await self._end(ended, session.principal.actor)

    async def end_session_of(self, principal: Principal, session_id: str) -> None:
        """The same for a program: any session in its organisation.

        Raises:
            Absent: there is no such session.
        """
        ended = next((s for s in await self.sessions_of_all(principal) if s.id == session_id), None)
        if ended is None:
            raise Absent("session_absent", "There is no such session.", field="sessionId")
        await self._end(ended, principal.actor)

    async def end_other_sessions(self, session: Session) -> int:
        """End all of the user's sessions but this one; returns how many."""
        others = [s for s in await self.sessions(session) if s.id != session.id]
        for other in others:
            await self._end(other, session.principal.actor)
        return len(others)

    async def _end(self, ended: SignedIn, actor: audit.Actor) -> None:
        said = {"userId": ended.user_id, "name": ended.name}
        async with self._database.tenant(ended.organisation_id) as tx:
            await store.end_session(tx, ended.id)
            await audit.record(
                tx, ended.organisation_id, actor, "console:session:end", ended.id, said, self._clock.now()
            )

    async def organisation(self, principal: Principal) -> Organisation:
        """The caller's organisation."""
        principal.require("organisation:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            row = await store.organisation(tx, principal.organisation_id)
        if row is None:
            raise Absent("organisation_absent", "There is no such organisation.")
        return Organisation(row["id"], row["name"], row["time_zone"], principal.role)

    async def change_organisation(
        self, principal: Principal, *, name: str | None = None, time_zone: str | None = None
    ) -> Organisation:
        """Rename the organisation or move it to another time zone (an IANA name); what is None stays.

        Raises:
            Invalid: the name or the zone is not usable.
        """
        principal.require("organisation:write")
        organisation_id, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            row = await store.organisation(tx, organisation_id, lock=True)
            if row is None:
                raise Absent("organisation_absent", "There is no such organisation.")
            wanted_name = row["name"] if name is None else name_of(name, "name")
            wanted_zone = row["time_zone"] if time_zone is None else zone_of(time_zone)
            if (wanted_name, wanted_zone) != (row["name"], row["time_zone"]):
                await store.update_organisation(tx, organisation_id, wanted_name, wanted_zone)
                said = {"name": wanted_name, "timeZone": wanted_zone, "was": [row["name"], row["time_zone"]]}
                await audit.record(
                    tx, organisation_id, principal.actor, "tenancy:organisation:update", organisation_id, said, now
                )
                await events.record(tx, organisation_id, "organisation:SETTINGS:updated", said, now)
        return Organisation(organisation_id, wanted_name, wanted_zone, principal.role)

    async def principal_of_key(self, key: str) -> Principal:
        """Who an API key belongs to.

        Raises:
            Denied: no such key, or it was revoked.
        """
        return await self._clients.principal_of_key(key)

    async def principal_of_token(self, token: str) -> Principal:
        """Who an access token belongs to.

        Raises:
            Denied: no such token, its hour is over, or its client was rotated or revoked.
        """
        return await self._clients.principal_of_token(token)

    async def exchange_key(self, organisation_id: str, client_id: str, secret: str) -> tuple[Secret, datetime]:
        """A token for an hour in place of an API client's key, and when it ends.

        Raises:
            Denied: organisation, client and key do not belong together; which one is wrong is not told.
        """
        return await self._clients.exchange(organisation_id, client_id, secret)

    async def api_clients(self, principal: Principal) -> Sequence[ApiClient]:
        """All of the organisation's, oldest first."""
        return await self._clients.list(principal)

    async def create_api_client(self, principal: Principal, name: str, role: str) -> tuple[ApiClient, Secret]:
        """Make a key for programs; the key is returned here and never again.

        Raises:
            Invalid: no usable name, or an unknown role.
            Conflict: the organisation has five already.
        """
        return await self._clients.create(principal, name, role)

    async def rotate_api_client(self, principal: Principal, client_id: str) -> tuple[ApiClient, Secret]:
        """Replace a client's key; the old one and its tokens stop working at once.

        Raises:
            Absent: there is no such client.
        """
        return await self._clients.rotate(principal, client_id)

    async def revoke_api_client(self, principal: Principal, client_id: str) -> None:
        """Revoke a key; it and its tokens stop working at once.

        Raises:
            Absent: there is no such client.
        """
        await self._clients.revoke(principal, client_id)
