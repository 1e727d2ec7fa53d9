"""The verbs of people: list, change a role, remove; invite, take up, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.tenancy import store as tenants
from tillwright.domains.tenancy.model import Principal
from tillwright.domains.tenancy.names import email_of, name_of
from tillwright.domains.tenancy.passwords import check_strength, hash_password
from tillwright.domains.tenancy.people import store
from tillwright.domains.tenancy.people.letter import letter
from tillwright.domains.tenancy.people.model import LIFE, Invitation, Member, Offer
from tillwright.domains.tenancy.rights import role_of
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.mail import Mailer, MailerOf, MailRefused, MailUnavailable
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Denied
from tillwright.kit.seal import Seal, Secret

MOST_INVITATIONS = 50
PARTNER, PURPOSE = "TILLWRIGHT", "invitation"
_LEASE = timedelta(minutes=2)


class People:
    """`mailer` takes invitations of an organisation without a mail server of its own (`mailer_of`); their links lead to
    `public_url`, and a link's token rests sealed until its mail is gone.

    The outbox of the notifications is not for them: its texts are kept and shown to every viewer.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        seal: Seal,
        mailer: Mailer,
        public_url: str,
        mailer_of: MailerOf | None = None,
    ) -> None:
        self._clock = clock
        self._database = database
        self._seal = seal
        self._mailer = mailer
        self._mailer_of = mailer_of
        self._base = public_url.rstrip("/") + "/invitation/"

    async def members(self, principal: Principal) -> Sequence[Member]:
        """Everybody in the organisation, by name."""
        principal.require("user:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.members(tx, principal.organisation_id)

    async def member(self, principal: Principal, user_id: str) -> Member:
        """One of them.

        Raises:
            Absent: there is no such person in the organisation.
        """
        principal.require("user:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await self._member(tx, principal.organisation_id, user_id)

    async def change_role(self, principal: Principal, user_id: str, role: str) -> Member:
        """Give a member another role, from their next request on.

        Raises:
            Absent: there is no such person in the organisation.
            Invalid: there is no such role.
            Conflict: nobody else is an administrator.
        """
        principal.require("user:write")
        role, organisation_id = role_of(role), principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            await store.lock_members(tx, organisation_id)
            member = await self._member(tx, organisation_id, user_id)
            if member.role != role:
                await self._not_the_last(tx, organisation_id, member)
                await store.set_role(tx, organisation_id, user_id, role)
                said = {"role": role, "was": member.role}
                await self._note(tx, principal, member, "change_role", "updated", said)
            return await self._member(tx, organisation_id, user_id)

    async def remove(self, principal: Principal, user_id: str) -> None:
        """Take a member out: their sessions here end at once. Anybody may take out themselves.

        Keys they made stay: programs use them. A person who is in no organisation any more is forgotten.

        Raises:
            Absent: there is no such person in the organisation.
            Conflict: nobody else is an administrator.
        """
        if user_id != principal.actor_id:
            principal.require("user:write")
        organisation_id = principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            await store.lock_members(tx, organisation_id)
            member = await self._member(tx, organisation_id, user_id)
            await self._not_the_last(tx, organisation_id, member)
            await store.remove(tx, organisation_id, user_id)
            forgotten = await store.forget_if_nowhere(tx, user_id)
            await self._note(tx, principal, member, "remove", "deleted", {"role": member.role, "forgotten": forgotten})

    async def invitations(self, principal: Principal) -> Sequence[Invitation]:
        """Those that were not taken up, newest first."""
        principal.require("user:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.invitations(tx, principal.organisation_id)

    async def invite(self, principal: Principal, email: str, role: str) -> Invitation:
        """Ask somebody by mail. Asked again, the earlier link no longer works.

        The mail is tried at once, and again by the worker for as long as the mail server is away.

        Raises:
            Invalid: the address or the role is not usable.
            Conflict: they are in the organisation already, or too many invitations are open.
        """
        principal.require("user:write")
        email, role, now = email_of(email), role_of(role), self._clock.now()
        organisation_id, token = principal.organisation_id, Secret(ids.token())
        made = Invitation(organisation_id, ids.new("inv"), email, role, principal.name, now, now + LIFE, 0, None, None)
        sealed = self._seal.close(token, organisation=organisation_id, partner=PARTNER, purpose=PURPOSE)
        async with self._database.tenant(organisation_id) as tx:
            await store.lock_members(tx, organisation_id)
            if any(member.email == email for member in await store.members(tx, organisation_id)):
                raise Conflict(
                    "member_already", f"{email} is in the organisation already.", field="email",
                    remedy="Change their role instead.",
                )  # fmt: skip
            others = [each for each in await store.invitations(tx, organisation_id) if each.email != email]
            if len(others) >= MOST_INVITATIONS:
                raise Conflict(
                    "invitations_full", f"{MOST_INVITATIONS} invitations are open.", remedy="Withdraw some of them."
                )
            await store.put_invitation(tx, made, ids.fingerprint(token.reveal()), sealed)
            said = {"email": email, "role": role}
            await audit.record(tx, organisation_id, principal.actor, "tenancy:invitation:create", made.id, said, now)
            data = {"invitationId": made.id, **said, "by": principal.name}
            await events.record(tx, organisation_id, "user:INVITATION:created", data, now)
        await self.deliver(organisation_id, made.id)
        return await self._invitation(organisation_id, made.id)

    async def withdraw(self, principal: Principal, invitation_id: str) -> None:
        """Take an invitation back; its link no longer works.

        Raises:
            Absent: there is no such invitation, or it was taken up.
        """
        principal.require("user:write")
        organisation_id, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            found = await store.invitation(tx, organisation_id, invitation_id, lock=True)
            if found is None:
                raise _no_invitation(invitation_id)
            await store.delete_invitation(tx, organisation_id, invitation_id)
            said = {"email": found.email, "role": found.role}
            await audit.record(
                tx, organisation_id, principal.actor, "tenancy:invitation:withdraw", invitation_id, said, now
            )

    async def offer(self, token: str) -> Offer:
        """What the link with this token offers.

        Raises:
            Absent: the link was used, withdrawn, replaced by a later one, or is too old.
        """
        async with self._database.open() as tx:
            place = await store.invitation_place(tx, ids.fingerprint(token))
        if place is None:
            raise _dead_link()
        async with self._database.tenant(place[0]) as tx:
            return await self._offered(tx, *place)

    async def accept(self, token: str, *, name: str, password: str) -> Member:
        """Take an invitation up as somebody new, who signs in with the address and this password from now on.

        Raises:
            Absent: as for `offer`.
            Conflict: the address signs in already; see `join`.
            Invalid: the name or the password is not usable.
        """
        name = name_of(name, "name")
        check_strength(password)
        offer, password_hash = await self.offer(token), await hash_password(password)
        user_id, now = ids.new("usr"), self._clock.now()
        async with self._database.tenant(offer.invitation.organisation_id) as tx:
            if not await tenants.insert_user(tx, user_id, offer.invitation.email, name, password_hash, now):
                raise Conflict(
                    "email_taken", f"{offer.invitation.email} signs in already.", field="password",
                    remedy="Sign in with your password, then open the link again.",
                )  # fmt: skip
            return await self._take_up(tx, token, offer, user_id, "created")

    async def join(self, token: str, user_id: str, email: str) -> Member:
        """Take an invitation up as somebody who is signed in.

        Raises:
            Absent: as for `offer`.
            Denied: it is for another address.
        """
        offer = await self.offer(token)
        if offer.invitation.email != email:
            raise Denied(
                "invitation_of_another",
                f"This invitation is for {offer.invitation.email}; you are signed in as {email}.",
                remedy="Sign out, then open the link again.",
            )
        async with self._database.tenant(offer.invitation.organisation_id) as tx:
            return await self._take_up(tx, token, offer, user_id, "added")

    async def deliver(self, organisation_id: str, invitation_id: str) -> None:
        """One attempt to hand the mail over, if it is due and nobody else is at it."""
        now = self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            sealed = await store.lease(tx, organisation_id, invitation_id, now, now + _LEASE)
            if sealed is None:
                return
            offered = await self._offered(tx, organisation_id, invitation_id, even_late=True)
            by = Principal.system(organisation_id, "tillwright").actor
            await audit.opened(tx, organisation_id, by, f"{PARTNER}/{PURPOSE}", "hand an invitation's link over", now)
        token = self._seal.open(sealed, organisation=organisation_id, partner=PARTNER, purpose=PURPOSE)
        invitation = offered.invitation
        link = self._base + token.reveal()
        try:
            if invitation.expires <= now:
                raise MailRefused("invitation_expired", "The invitation ran out before the mail could go.")
            mailer = await self._mailer_of(organisation_id) if self._mailer_of else self._mailer
            await mailer.send(letter(invitation, offered.organisation_name, link, mailer.sender, invitation.created))
        except MailUnavailable as error:
            wait = timedelta(seconds=min(900, 15 * 2 ** min(invitation.attempts, 10)))
            async with self._database.tenant(organisation_id) as tx:
                await store.not_sent(tx, organisation_id, invitation_id, error.sentence, self._clock.now() + wait)
        except MailRefused as error:
            async with self._database.tenant(organisation_id) as tx:
                await store.not_sent(tx, organisation_id, invitation_id, error.sentence, None)
        else:
            async with self._database.tenant(organisation_id) as tx:
                await store.sent(tx, organisation_id, invitation_id, self._clock.now())

    async def deliver_due(self, limit: int = 20) -> int:
        """Attempt what is due, over all organisations; returns how many were looked at."""
        async with self._database.open() as tx:
            found = await store.due(tx, self._clock.now(), limit)
        for organisation_id, invitation_id in found:
            await self.deliver(organisation_id, invitation_id)
        return len(found)

    async def _take_up(self, tx: Tx, token: str, offer: Offer, user_id: str, became: str) -> Member:
        organisation_id, now = offer.invitation.organisation_id, self._clock.now()
        await store.lock_members(tx, organisation_id)
        # Asked again under the lock: a link works once, however many use it together.
        if await store.invitation_place(tx, ids.fingerprint(token)) is None:
            raise _dead_link()
        invitation = (await self._offered(tx, organisation_id, offer.invitation.id)).invitation
        if await store.member(tx, organisation_id, user_id) is None:
            await tenants.insert_membership(tx, organisation_id, user_id, invitation.role, now)
        await store.delete_invitation(tx, organisation_id, invitation.id)
        member = await self._member(tx, organisation_id, user_id)
        joined = Principal(organisation_id, "USER", user_id, member.name, member.role, offer.organisation_name)
        said = {"role": member.role, "invitedBy": invitation.invited_by}
        await self._note(tx, joined, member, "join", became, said)
        return member

    async def _offered(self, tx: Tx, organisation_id: str, invitation_id: str, *, even_late: bool = False) -> Offer:
        found = await store.invitation(tx, organisation_id, invitation_id)
        organisation = await tenants.organisation(tx, organisation_id)
        if found is None or organisation is None or (found.expires <= self._clock.now() and not even_late):
            raise _dead_link()
        known = await tenants.user_by_email(tx, found.email) is not None
        return Offer(found, organisation["name"], known)

    async def _invitation(self, organisation_id: str, invitation_id: str) -> Invitation:
        async with self._database.tenant(organisation_id) as tx:
            found = await store.invitation(tx, organisation_id, invitation_id)
        if found is None:
            raise _no_invitation(invitation_id)
        return found

    async def _member(self, tx: Tx, organisation_id: str, user_id: str) -> Member:
        member = await store.member(tx, organisation_id, user_id)
        if member is None:
            raise Absent("user_absent", "There is no such person in your organisation.", field="userId")
        return member

    async def _not_the_last(self, tx: Tx, organisation_id: str, member: Member) -> None:
        if member.role == "ADMIN" and await store.administrators(tx, organisation_id) == 1:
            raise Conflict(
                "last_administrator",
                f"{member.name} is the only administrator; an organisation is never without one.",
                field="role",
                remedy="Make somebody else an administrator first.",
            )

    async def _note(
        self, tx: Tx, principal: Principal, member: Member, did: str, became: str, said: dict[str, Any]
    ) -> None:
        organisation_id, now = principal.organisation_id, self._clock.now()
        detail = {"email": member.email, "name": member.name, **said}
        await audit.record(tx, organisation_id, principal.actor, f"tenancy:user:{did}", member.user_id, detail, now)
        data = {"userId": member.user_id, **detail, "by": principal.name}
        await events.record(tx, organisation_id, f"user:MEMBER:{became}", data, now)


def _no_invitation(invitation_id: str) -> Absent:
    return Absent(
        "invitation_absent", f"There is no invitation {invitation_id}.", field="invitationId",
        remedy="It may have been taken up or withdrawn.",
    )  # fmt: skip


def _dead_link() -> Absent:
    return Absent(
        "invitation_over",
        "This invitation does not work any more: it was used, withdrawn, sent anew, or is older than a week.",
        remedy="Ask for another one.",
    )
