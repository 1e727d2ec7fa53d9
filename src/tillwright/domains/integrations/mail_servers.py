"""The verbs of an organisation's own mail server: connect, change, try out, use, leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.integrations import mail_server, store
from tillwright.domains.integrations.credentials import Credentials
from tillwright.domains.integrations.mail_server import PARTNER, SERVICE, MailServer
from tillwright.domains.integrations.model import Integration
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.mail import Letter, Mailer, MailRefused, MailUnavailable
from tillwright.gateways.mail.letter import domain_of
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright.gateways.outgoing import address
from tillwright.gateways.outgoing.client import Resolve, look_up
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Invalid, TillwrightError
from tillwright.kit.seal import Secret

PURPOSE = "smtp_password"


@dataclass(frozen=True)
class Trial:
    """A test message's way, a stage a time: `name`, whether it was passed, and what was said if not."""

    stages: tuple[tuple[str, bool, str], ...]

    @property
    def passed(self) -> bool:
        return all(stage[1] for stage in self.stages)


class MailServers:
    """`common` is everybody's who has none of their own; `opened`: networks that may be reached though not public.

    A server's name is looked up once for each use (`resolve`), every address it has is judged, and exactly those are
    dialled: nothing that the name means a moment later is reached.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        credentials: Credentials,
        common: Mailer,
        opened: Sequence[IPv4Network | IPv6Network] = (),
        deadline: float = 15.0,
        resolve: Resolve = look_up,
    ) -> None:
        self._resolve = resolve
        self._database = database
        self._clock = clock
        self._credentials = credentials
        self._common = common
        self._opened = opened
        self._deadline = deadline

    async def connect(self, principal: Principal, given: Mapping[str, Any], password: Secret | None) -> Integration:
        """Saves a mail server; its first use is the test message of its verification.

        Raises:
            Invalid: with every complaint, or the host leads into our own network.
            Conflict: one is connected already.
        """
        principal.require("integration:write")
        server, now = mail_server.read(given), self._clock.now()
        await self._guard(server)
        integration = Integration(
            organisation_id=principal.organisation_id,
            partner=PARTNER,
            service=SERVICE,
            status="CREATED",
            livemode=True,
            account_id=server.address,
            account_name=server.sender,
            publishable_key="",
            key_kind="SECRET",
            key_hint="",
            api_version="SMTP",
            version=1,
            created=now,
            created_by=principal.name,
            updated=now,
            updated_by=principal.name,
            details=server.as_json(),
        )
        async with self._database.tenant(principal.organisation_id) as tx:
            if not await store.insert(tx, integration):
                raise Conflict("integration_exists", "A mail server is connected already.", remedy="Edit it instead.")
            await self._keep_password(tx, principal.organisation_id, server, password)
            await self._note(tx, principal, integration, "connect", "created")
        return integration

    async def update(
        self, principal: Principal, *, expected_version: int, given: Mapping[str, Any], password: Secret | None
    ) -> Integration:
        """Changes the server; without a password the present one stays, if the server does too.

        Raises:
            Invalid, Conflict: as for `connect`; somebody else was faster.
            Absent: there is none.
        """
        principal.require("integration:write")
        organisation_id = principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            locked = await self._find(tx, organisation_id, lock=True)
            if locked.version != expected_version:
                raise Conflict(
                    "integration_edited",
                    f"{locked.updated_by} changed this integration while you were editing it.",
                    remedy="Load it again, then make your change.",
                )
            server = mail_server.read(dict(locked.details) | dict(given))
            if password is None and server.user and server.address != locked.account_id:
                # Else a person who may edit, but doesn't know the password, could have it sent to a server of theirs.
                raise Invalid(
                    "password_needed", "Another server needs the password again.", field="password",
                    remedy="Enter it.",
                )  # fmt: skip
            await self._guard(server)
            changed = replace(
                locked,
                status="CREATED",
                account_id=server.address,
                account_name=server.sender,
                details=server.as_json(),
                version=locked.version + 1,
                updated=self._clock.now(),
                updated_by=principal.name,
            )
            await store.update(tx, changed)
            await self._keep_password(tx, organisation_id, server, password)
            await self._note(tx, principal, changed, "update", "updated")
        return changed

    async def try_out(self, principal: Principal, to: str) -> tuple[Integration, Trial]:
        """Sends a test message; what became of each stage of its way is the answer, not an error.

        Raises:
            Absent: there is none.
        """
        async with self._database.tenant(principal.organisation_id) as tx:
            integration = await self._find(tx, principal.organisation_id)
        server = MailServer(**integration.details)
        letter = Letter(
            message_id=f"<{ids.token(16)}@{domain_of(server.sender)}>",
            to=to,
            subject="A test message of Tillwright",
            text=f"Your mail server {server.address} took this message from {server.sender}. Nothing needs to be done.",
            html=None,
            written=self._clock.now(),
        )
        try:
            addresses = await self._guard(server)
        except TillwrightError as error:
            return integration, Trial((("reach", False, str(error)),))
        try:
            await (await self._mailer(principal, integration, addresses)).send(letter)
        except MailUnavailable as error:
            return integration, Trial((("reach", False, error.sentence),))
        except MailRefused as error:
            return integration, Trial((("reach", True, ""), ("take", False, error.sentence)))
        return integration, Trial((("reach", True, ""), ("take", True, "")))

    async def mailer_of(self, organisation_id: str) -> Mailer:
        """The server an organisation's mails leave by: its own once that is verified, else everybody's."""
        async with self._database.tenant(organisation_id) as tx:
            found = await store.find(tx, organisation_id, PARTNER, SERVICE)
        if found is None or found.status != "VERIFIED":
            return self._common
        try:
            addresses = await self._guard(MailServer(**found.details))
        except Invalid as error:
            raise MailUnavailable(error.code, error.sentence, remedy=error.remedy) from error
        return await self._mailer(Principal.system(organisation_id, "tillwright"), found, addresses)

    async def _mailer(self, principal: Principal, integration: Integration, addresses: Sequence[str]) -> SmtpMailer:
        server, password = MailServer(**integration.details), None
        if server.user:
            async with self._database.tenant(integration.organisation_id) as tx:
                password = await self._credentials.open(
                    tx,
                    integration.organisation_id,
                    partner=PARTNER,
                    purpose=PURPOSE,
                    actor=principal.actor,
                    why="send mail",
                    at=self._clock.now(),
                )
        return SmtpMailer(
            server.host,
            server.port,
            sender=server.sender,
            user=server.user or None,
            password=password,
            tls=server.tls,
            deadline=self._deadline,
            addresses=addresses,
        )

    async def _guard(self, server: MailServer) -> Sequence[str]:
        """The addresses that may be dialled. Refuses a server in our own network: a form must not be a way into it."""
        literal = address.read(server.host)
        try:
            found = [literal] if literal else await self._resolve(server.host, server.port)
        except OSError:
            found = []
        if not found:
            raise Invalid("host_unknown", f"There is no server called {server.host}.", field="host",
                          remedy="Check its name.")  # fmt: skip
        for one in found:
            if not address.public(one) and not address.within(one, self._opened):
                raise Invalid(
                    "address_not_public",
                    f"{server.host} leads to {one}, which is not on the public internet.",
                    field="host",
                    remedy="Use a public server, or open that network with TILLWRIGHT_OUTGOING_NETWORKS.",
                )
        return [str(one) for one in found]

    async def _keep_password(self, tx: Tx, organisation_id: str, server: MailServer, password: Secret | None) -> None:
        if not server.user:
            await self._credentials.shred(tx, organisation_id, partner=PARTNER, purpose=PURPOSE)
        elif password is not None:
            await self._credentials.put(
                tx, organisation_id, partner=PARTNER, purpose=PURPOSE, livemode=True, secret=password,
                at=self._clock.now(),
            )  # fmt: skip

    async def _find(self, tx: Tx, organisation_id: str, *, lock: bool = False) -> Integration:
        found = await store.find(tx, organisation_id, PARTNER, SERVICE, lock=lock)
        if found is None:
            raise Absent(
                "integration_absent", "No mail server is connected.", remedy="Connect it on the Integrations page."
            )
        return found

    async def _note(self, tx: Tx, principal: Principal, integration: Integration, did: str, became: str) -> None:
        said, now = integration.summary(), self._clock.now()
        subject = f"{PARTNER}/{SERVICE}"
        await audit.record(
            tx, principal.organisation_id, principal.actor, f"user:integration:{did}", subject, said, now
        )
        name = f"integration:{PARTNER}:{became}"
        await events.record(tx, principal.organisation_id, name, said | {"by": principal.name}, now)
