"""Accepting deliveries: proven, read and committed before anybody is told so, several under one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tillwright.domains import audit
from tillwright.domains.webhooks import envelope as envelopes
from tillwright.domains.webhooks import signature as signatures
from tillwright.domains.webhooks import store
from tillwright.domains.webhooks.endpoint import store as endpoints
from tillwright.domains.webhooks.endpoint.kinds import DEPARTURE
from tillwright.domains.webhooks.envelope import Envelope
from tillwright.domains.webhooks.model import Accepted, Address, Arrival, Delivery
from tillwright.gateways.database import Database
from tillwright.gateways.database.group_commit import GroupCommit, turn_to
from tillwright.kit import ids
from tillwright.kit.clock import Clock, to_unix
from tillwright.kit.errors import Absent, Invalid, TillwrightError, Upstream
from tillwright.kit.seal import Seal

PATIENCE = 3.0
"""Seconds that a delivery waits for a connection; then Stripe is told to come again, long before it gives up itself."""


class Intake:
    """The way in for everything that calls a webhook address."""

    def __init__(self, *, clock: Clock, database: Database, seal: Seal) -> None:
        self._clock = clock
        self._database = database
        self._seal = seal
        self._openings = audit.Openings()
        self._commits: GroupCommit[Delivery, Accepted] = GroupCommit(self._write)

    async def accept(self, token: str, body: bytes, signature_headers: Sequence[bytes]) -> Accepted:
        """Store an event; when this returns, it is committed.

        Raises:
            Denied: nothing proves that Stripe sent this, now, to this address.
            Invalid: Stripe's signature is on something that is no event of this endpoint.
            Absent: there is no such address.
            Upstream: the database cannot be reached, or its answer was lost: Stripe must send it again.
        """
        if len(body) > envelopes.LARGEST_BODY:
            raise envelopes.too_large()
        received = self._clock.now()
        signature = signatures.read(signature_headers)
        signatures.check_time(signature, to_unix(received))
        digest = ids.fingerprint(token)
        return await self._commits.submit(digest, Delivery(digest, signature, body, received))

    async def close(self) -> None:
        """Wait until every delivery taken is answered."""
        await self._commits.close()

    async def _write(self, deliveries: Sequence[Delivery]) -> Sequence[Accepted | Exception]:
        # In a pipeline: what needs no answer is sent with what does.
        async with self._database.open(within=PATIENCE) as tx, tx.pipeline():
            # A server may be set to answer commits before they are on disk; an acceptance must not be.
            await tx.execute("set local synchronous_commit = on")
            addresses = await endpoints.addresses(
                tx, {each.token_digest for each in deliveries}, self._seal, self._clock.now()
            )
            opened, now = [_opened(each) for each in addresses.values() if isinstance(each, Address)], self._clock.now()
            self._openings.count(opened, now)
            judged = [_judge(each, addresses) for each in deliveries]
            new: dict[str, set[str]] = {}
            by_organisation: dict[str, list[Arrival]] = {}
            for each in judged:
                if isinstance(each, Arrival):
                    by_organisation.setdefault(each.organisation_id, []).append(each)
            for organisation_id, arrivals in by_organisation.items():
                await turn_to(tx, organisation_id)
                new[organisation_id] = await store.insert(tx, organisation_id, arrivals)
            if any(new.values()):
                await tx.execute("notify stripe_events")
            noted = await self._openings.note(tx, opened, now)
        self._openings.settle(noted, now)
        return [_answer(each, new) for each in judged]


def _opened(address: Address) -> audit.Opened:
    return address.organisation_id, f"STRIPE/{endpoints.purpose_of(address.livemode, address.connect)}"


def _judge(delivery: Delivery, addresses: Mapping[str, Address | Upstream]) -> Arrival | TillwrightError:
    try:
        address = addresses.get(delivery.token_digest)
        if address is None:
            raise Absent(
                "webhook_address_absent",
                "Nothing listens at this webhook address.",
                remedy="Delete this endpoint in Stripe's dashboard; VERIFY on the Integrations page makes a new one.",
            )
        if isinstance(address, Upstream):
            raise address
        signatures.check(delivery.signature, delivery.body, address.secrets)
        envelope = envelopes.read(delivery.body)
        if address.connect:
            return _departure(address, envelope, delivery)
        if envelope.livemode is not address.livemode:
            raise Invalid("event_of_other_mode", "The event is of the other mode than this endpoint.", field="livemode")
        if None not in (envelope.account_id, address.account_id) and envelope.account_id != address.account_id:
            raise Invalid("event_of_other_account", "The event is of another account.", field="account")
        account_id = envelope.account_id or address.account_id
        return Arrival(address.organisation_id, account_id, envelope, delivery.body, delivery.received)
    except TillwrightError as refusal:
        return refusal


def _departure(address: Address, envelope: Envelope, delivery: Delivery) -> Arrival:
    """What a Connect endpoint brings: who took access back, in either mode. Nothing else of users' accounts is kept."""
    if envelope.type != DEPARTURE:
        said = "This address is told of users' accounts that leave, and of nothing else."
        raise Invalid("event_not_asked_for", said, field="type")
    if envelope.account_id is None or (envelope.livemode and not address.livemode):
        said = "The event does not say which account it is of, or is of the other mode than this endpoint."
        raise Invalid("event_of_other_account", said, field="account")
    return Arrival(address.organisation_id, envelope.account_id, envelope, delivery.body, delivery.received)


def _answer(judged: Arrival | TillwrightError, new: Mapping[str, set[str]]) -> Accepted | Exception:
    if isinstance(judged, TillwrightError):
        return judged
    fresh = new[judged.organisation_id]
    event_id = judged.envelope.id
    accepted = Accepted(event_id, duplicate=event_id not in fresh)
    fresh.discard(event_id)  # the same event twice under one commit: the second one is the duplicate
    return accepted
