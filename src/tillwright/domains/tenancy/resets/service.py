"""The verbs of passwords: change one's own, ask for a link by mail, choose another one behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tillwright.domains import audit
from tillwright.domains.tenancy import store as tenants
from tillwright.domains.tenancy.model import Session
from tillwright.domains.tenancy.names import email_of
from tillwright.domains.tenancy.passwords import TRIES, TRY_WINDOW, check_strength, hash_password, verify_password
from tillwright.domains.tenancy.resets import store
from tillwright.domains.tenancy.resets.letter import letter
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.database.group_commit import turn_to
from tillwright.gateways.mail import Mailer, MailRefused, MailUnavailable
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Denied, Invalid
from tillwright.kit.seal import Secret

LIFE = timedelta(hours=1)
MOST_FOR_ONE, MOST_FOR_ALL = 3, 5000
_WINDOW = timedelta(hours=1)
_KEPT = timedelta(days=1)
_LEASE = timedelta(minutes=2)


class Resets:
    """`mailer` is the installation's own: an organisation's mail server would let its administrator read the links of
    a person who is in other organisations too. Links lead to `public_url`.
    """

    def __init__(self, *, clock: Clock, database: Database, mailer: Mailer, public_url: str) -> None:
        self._clock = clock
        self._database = database
        self._mailer = mailer
        self._base = public_url.rstrip("/") + "/reset-password/"

    async def ask(self, email: str) -> None:
        """Ask for a link. Nothing is told: neither whether somebody has the address, nor that it was asked too often.

        Raises:
            Invalid: it is no address at all.
        """
        email, now = email_of(email), self._clock.now()
        async with self._database.open() as tx:
            often = await store.asked_since(tx, email, now - _WINDOW) >= MOST_FOR_ONE
            if not often and await store.asked_since(tx, None, now - _WINDOW) < MOST_FOR_ALL:
                await store.ask(tx, ids.new("rst"), email, now, now - _KEPT)

    async def link(self, email: str, *, by: str) -> Secret:
        """A link for somebody, handed over by who runs the installation instead of by mail.

        Raises:
            Absent: nobody has this address.
        """
        email, now, token = email_of(email), self._clock.now(), ids.token()
        async with self._database.open() as tx:
            user = await tenants.user_by_email(tx, email)
            if user is None:
                raise Absent("user_absent", f"Nobody signs in with {email}.", field="email")
            reset_id = ids.new("rst")
            await store.ask(tx, reset_id, email, now, now - _KEPT)
            await store.put_off(tx, reset_id, None)
            await store.put_link(tx, reset_id, user["id"], ids.fingerprint(token), now + LIFE)
            await self._note(tx, _system(by), user, "make_link", {})
        return Secret(self._base + token)

    async def offer(self, token: str) -> str:
        """The mail address that the link with this token is for.

        Raises:
            Absent: it was used, replaced, or is older than an hour.
        """
        async with self._database.open() as tx:
            found = await store.by_digest(tx, ids.fingerprint(token), self._clock.now())
        if found is None:
            raise _dead_link()
        return found["email"]

    async def choose(self, token: str, password: str) -> None:
        """Another password, once; every session of the person ends.

        Raises:
            Absent: as for `offer`.
            Invalid: the password is not usable.
        """
        check_strength(password)
        await self.offer(token)
        password_hash, now, digest = await hash_password(password), self._clock.now(), ids.fingerprint(token)
        async with self._database.open() as tx:
            found = await store.by_digest(tx, digest, now, lock=True)
            if found is None:
                raise _dead_link()
            await store.put_password(tx, found["user_id"], password_hash)
            ended = await store.end_sessions(tx, found["user_id"])
            await tenants.clear_failures(tx, ids.fingerprint(found["email"]))
            user = {"id": found["user_id"], "email": found["email"], "name": found["name"]}
            await self._note(tx, _person(user), user, "reset", {"sessionsEnded": ended})

    async def set(self, email: str, password: str, *, by: str) -> int:
        """Another password for somebody, by who runs the installation; returns how many sessions ended.

        Raises:
            Absent: nobody has this address.
            Invalid: the password is not usable.
        """
        email, password_hash = email_of(email), await hash_password(password)
        async with self._database.open() as tx:
            user = await tenants.user_by_email(tx, email)
            if user is None:
                raise Absent("user_absent", f"Nobody signs in with {email}.", field="email")
            await store.put_password(tx, user["id"], password_hash)
            ended = await store.end_sessions(tx, user["id"])
            await tenants.clear_failures(tx, ids.fingerprint(email))
            await self._note(tx, _system(by), user, "set", {"sessionsEnded": ended})
        return ended

    async def change(self, session: Session, present: str, password: str) -> int:
        """Another password in place of one's own present one; returns how many other sessions ended.

        Raises:
            Invalid: the present one is wrong, or the new one not usable.
            Denied: too many wrong ones.
        """
        check_strength(password)
        key, now = ids.fingerprint(session.email), self._clock.now()
        async with self._database.open() as tx:
            user = await store.user(tx, session.user_id)
            over = await tenants.failures(tx, key, now - TRY_WINDOW) >= TRIES
        if user is None or over:
            raise Denied("too_many_failures", "Too many wrong passwords.", remedy="Wait a quarter of an hour.")
        if not await verify_password(present, user["password_hash"]):
            async with self._database.open() as tx:
                await tenants.add_failure(tx, key, now, now - TRY_WINDOW)
                await self._note(tx, _person(user), user, "refuse", {"why": "wrong password"})
            raise Invalid(
                "password_wrong", "This is not your present password.", field="present", remedy="Type it anew."
            )
        password_hash = await hash_password(password)
        async with self._database.open() as tx:
            await store.put_password(tx, session.user_id, password_hash)
            await tenants.clear_failures(tx, key)
            ended = await store.end_sessions(tx, session.user_id, but=session.id)
            await self._note(tx, _person(user), user, "change", {"sessionsEnded": ended})
        return ended

    async def deliver_due(self, limit: int = 20) -> int:
        """Hand over the mails that are due; returns how many were looked at."""
        now = self._clock.now()
        async with self._database.open() as tx:
            found = await store.due(tx, now, now + _LEASE, limit)
        for row in found:
            await self._deliver(row, now)
        return len(found)

    async def _deliver(self, row: dict[str, Any], now: datetime) -> None:
        expires, token, due = row["asked"] + LIFE, ids.token(), None
        async with self._database.open() as tx:
            user = await tenants.user_by_email(tx, row["email"])
            known = user is not None and expires > now
            if user is not None and known:
                await store.put_link(tx, row["id"], user["id"], ids.fingerprint(token), expires)
                if row["attempts"] == 1:
                    await self._note(tx, _system("sign-in"), user, "ask_reset", {})
        if user is not None and known:
            name = f"{row['id']}.{row['attempts']}"
            try:
                await self._mailer.send(
                    letter(name, row["email"], self._base + token, self._mailer.sender, now, expires)
                )
            except MailUnavailable:
                due = now + timedelta(seconds=min(300, 15 * 2 ** min(row["attempts"], 10)))
            except MailRefused:
                pass
        async with self._database.open() as tx:
            await store.put_off(tx, row["id"], due)

    async def _note(self, tx: Tx, actor: audit.Actor, user: dict[str, Any], did: str, said: dict[str, Any]) -> None:
        """An entry in each organisation of the person's, in the same transaction."""
        detail, now = {"email": user["email"], "name": user["name"], **said}, self._clock.now()
        for each in sorted(await tenants.memberships(tx, user["id"]), key=lambda one: one.id):
            await turn_to(tx, each.id)
            await audit.record(tx, each.id, actor, f"console:password:{did}", user["id"], detail, now)


def _person(user: dict[str, Any]) -> audit.Actor:
    return audit.Actor("USER", user["id"], user["name"])


def _system(name: str) -> audit.Actor:
    return audit.Actor("SYSTEM", name, name)


def _dead_link() -> Absent:
    return Absent(
        "reset_over",
        "This link does not work any more: it was used, replaced by a later one, or is older than an hour.",
        remedy="Ask for another one.",
    )
