"""Proves a pair of keys at Stripe before anything is saved: whose they are, and that they belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tillwright.domains.integrations.identity import Identity, identify
from tillwright.domains.integrations.keys import SECRET, KeyPair, read_pair
from tillwright.domains.integrations.pairing import Pairing
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import KeyRefused
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import StripeWriter
from tillwright.kit.errors import Invalid
from tillwright.kit.seal import Secret


@dataclass(frozen=True)
class Proven:
    """Keys that work, not saved anywhere yet. `access` carries the secret key, ready to be sent."""

    pair: KeyPair
    identity: Identity
    access: Access

    @property
    def mode(self) -> str:
        """`test` or `live`, as people say it."""
        return "live" if self.pair.livemode else "test"


class Proving:
    """`deadline` is in seconds, for each question to Stripe."""

    def __init__(self, reader: StripeReader, writer: StripeWriter, *, deadline: float) -> None:
        self._reader = reader
        self._pairing = Pairing(reader, writer, deadline=deadline)
        self._deadline = deadline

    async def prove(self, organisation_id: str, publishable: str, secret: Secret) -> Proven:
        """Raises:
        Invalid: the keys are malformed, swapped, of two modes or accounts, or Stripe does not accept them.
        Denied: the key may not show which account it is of.
        Upstream: Stripe could not be reached.
        """
        pair = read_pair(publishable, secret)
        access = Access(organisation_id, pair.secret, pair.livemode, quiet=True)
        try:
            identity = await identify(self._reader, access, deadline=self._deadline)
        except KeyRefused as failure:
            raise Invalid(failure.code, failure.sentence, field=SECRET, remedy=failure.remedy) from None
        access = replace(access, account_id=identity.account_id)
        await self._pairing.prove(pair, access)
        return Proven(pair, identity, access)
