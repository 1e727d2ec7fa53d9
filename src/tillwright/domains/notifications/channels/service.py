"""Setting channels up, trying them, and carrying a payload to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tillwright.domains import audit
from tillwright.domains.notifications.channels import signing, store
from tillwright.domains.notifications.channels.model import Hook, Sealed, Tried
from tillwright.domains.notifications.channels.payloads import Notice, payload
from tillwright.domains.notifications.model import HOOKS, Channel
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.outgoing import Answer, Outgoing, parse
from tillwright.kit import ids
from tillwright.kit.clock import Clock, to_unix
from tillwright.kit.errors import Absent, Invalid, TillwrightError, Upstream
from tillwright.kit.seal import Seal, Secret

_LONGEST_SECRET = 200


class Channels:
    """One of each kind an organisation."""

    def __init__(self, *, clock: Clock, database: Database, seal: Seal, outgoing: Outgoing) -> None:
        self._clock = clock
        self._database = database
        self._seal = seal
        self._outgoing = outgoing

    async def list(self, principal: Principal) -> Sequence[Hook]:
        """Those that are set up."""
        principal.require("notification:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return [row.hook for row in await store.all_of(tx, principal.organisation_id)]

    async def put(
        self,
        principal: Principal,
        kind: str,
        *,
        url: Secret | None,
        secret: Secret | None = None,
        keep_secret: bool = True,
        enabled: bool = True,
    ) -> Hook:
        """Set a channel up or change it; what is None stays as it is.

        Args:
            url: where to send; a chat's is a secret of its own, so it is shown to nobody again.
            secret: signs a webhook's requests.
            keep_secret: False takes the secret away where none is given.

        Raises:
            Absent: there is no such kind, or nothing to change.
            Invalid: the address or the secret is not usable.
        """
        principal.require("notification:write")
        channel, organisation, now = _kind(kind), principal.organisation_id, self._clock.now()
        shown = parse(url.reveal().strip()).shown if url else ""
        if secret and not 8 <= len(secret.reveal()) <= _LONGEST_SECRET:
            raise Invalid(
                "secret_length", "A secret has 8 to 200 characters.", field="secret", remedy="Make a long random one."
            )
        if secret and channel is not Channel.WEBHOOK:
            raise Invalid("secret_unused", "Only a webhook is signed.", field="secret", remedy="Leave the secret out.")
        async with self._database.tenant(organisation) as tx:
            was = await store.one(tx, organisation, channel)
            if was is None and url is None:
                raise _absent(channel)
            sealed = self._close(organisation, channel, "url", url) if url else (was.url if was else b"")
            kept = was.secret if was and keep_secret else None
            mark = self._close(organisation, channel, "secret", secret) if secret else kept
            shown = shown or (was.hook.shown if was else "")
            await store.put(
                tx, organisation, channel, enabled=enabled, url=sealed, shown=shown, secret=mark, at=now,
                by=principal.name,
            )  # fmt: skip
            said = {"kind": str(channel), "url": shown, "enabled": enabled, "signed": mark is not None}
            await audit.record(tx, organisation, principal.actor, "notifications:channel:put", str(channel), said, now)
            saved = await store.one(tx, organisation, channel)
        assert saved is not None
        return saved.hook

    async def delete(self, principal: Principal, kind: str) -> None:
        """Take a channel away; its address and secret are erased.

        Raises:
            Absent: it is not set up.
        """
        principal.require("notification:write")
        channel, organisation = _kind(kind), principal.organisation_id
        async with self._database.tenant(organisation) as tx:
            if not await store.delete(tx, organisation, channel):
                raise _absent(channel)
            now = self._clock.now()
            await audit.record(tx, organisation, principal.actor, "notifications:channel:delete", str(channel), {}, now)

    async def test(self, principal: Principal, kind: str) -> Tried:
        """Send a specimen now, and say what came of it.

        Raises:
            Absent: the channel is not set up.
        """
        principal.require("notification:write")
        channel = _kind(kind)
        async with self._database.tenant(principal.organisation_id) as tx:
            row = await store.one(tx, principal.organisation_id, channel)
        if row is None:
            raise _absent(channel)
        specimen = Notice(
            id=ids.new("ntc"),
            organisation_id=principal.organisation_id,
            organisation=principal.organisation_name,
            scope="TEST.NOTIFICATION",
            entity_id="",
            entity_name="",
            title="A test from Tillwright",
            text="If you read this, notices arrive here.",
            link="",
            values={},
            happened=self._clock.now(),
        )
        try:
            said = await self._send(principal.organisation_id, row, specimen.id, payload(channel, specimen))
        except TillwrightError as error:
            return Tried(False, error.sentence)
        return Tried(True, said)

    async def post(self, organisation_id: str, channel: Channel, message_id: str, body: str) -> str:
        """Carry a payload there; returns what the receiver said.

        Raises:
            Absent: the channel was taken away or switched off since.
            Invalid: it may not be sent there, or the receiver is gone for good (410).
            Upstream: not now.
        """
        async with self._database.tenant(organisation_id) as tx:
            row = await store.one(tx, organisation_id, channel)
        if row is None or not row.hook.enabled:
            raise _absent(channel)
        return await self._send(organisation_id, row, message_id, body)

    async def _send(self, organisation_id: str, row: Sealed, message_id: str, body: str) -> str:
        async with self._database.tenant(organisation_id) as tx:
            by, what = Principal.system(organisation_id, "tillwright").actor, f"{row.hook.kind}/channel"
            await audit.opened(tx, organisation_id, by, what, f"carry {message_id}", self._clock.now())
        url = self._open(organisation_id, row.hook.kind, "url", row.url)
        data = body.encode()
        headers: Mapping[str, str] = {"Content-Type": "application/json"}
        if row.hook.kind is Channel.WEBHOOK:
            headers = {**headers, signing.ID_HEADER: message_id}
            if row.secret is not None:
                secret = self._open(organisation_id, row.hook.kind, "secret", row.secret)
                headers = {**headers, signing.HEADER: signing.sign(secret, to_unix(self._clock.now()), data)}
        answer = await self._outgoing.send("POST", url.reveal(), headers=headers, body=data)
        said = _said(answer)
        if 200 <= answer.status < 300:
            return said
        if answer.status == 410:
            remedy = "Set the channel up anew."
            raise Invalid("receiver_gone", f"{row.hook.shown} is gone for good: {said}", remedy=remedy)
        raise Upstream("receiver_refused", f"{row.hook.shown} did not take it: {said}", remedy="Look there for why.")

    def _close(self, organisation_id: str, channel: Channel, purpose: str, secret: Secret) -> bytes:
        return self._seal.close(secret, organisation=organisation_id, partner=channel, purpose=f"channel {purpose}")

    def _open(self, organisation_id: str, channel: Channel, purpose: str, blob: bytes) -> Secret:
        return self._seal.open(blob, organisation=organisation_id, partner=channel, purpose=f"channel {purpose}")


def _kind(name: str) -> Channel:
    if name not in HOOKS:
        remedy = f"There are: {', '.join(HOOKS)}."
        raise Absent("channel_unknown", f"There is no channel {name[:40]!r}.", field="kind", remedy=remedy)
    return Channel(name)


def _absent(channel: Channel) -> Absent:
    return Absent(
        "channel_absent",
        f"The channel {channel} is not set up, or switched off.",
        field="kind",
        remedy="Set it up under Settings → Notifications.",
    )


def _said(answer: Answer) -> str:
    text = " ".join(answer.body.decode("utf-8", "replace").split())[:200]
    return f"{answer.status} {text}".strip()
