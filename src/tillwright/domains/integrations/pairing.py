"""Proves at Stripe that a public and a secret key belong to the same account and mode.

Stripe has no request that tells a public key's account. What it has are objects that both keys can see: a public key
reads a payment intent by its client secret, and a secret key reads the payment method a public key made. The first
leaves nothing behind and is tried first; the second leaves a payment method that belongs to no customer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from tillwright.domains.integrations.keys import PUBLIC, SECRET, KeyPair
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import KeyRefused, PermissionMissing, RequestRefused, StripeAbsent, StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import StripeWriter
from tillwright.kit import ids
from tillwright.kit.errors import Conflict, Denied, Invalid
from tillwright.kit.seal import Secret

# A payment method of this type needs no data of anybody's.
_EMPTY_METHOD = {"type": "alipay"}


class Pairing:
    """Deadlines are in seconds, for each request."""

    def __init__(self, reader: StripeReader, writer: StripeWriter, *, deadline: float = 15.0) -> None:
        self._reader = reader
        self._writer = writer
        self._deadline = deadline

    async def prove(self, pair: KeyPair, access: Access) -> None:
        """Returns if both keys see the same object.

        Raises:
            Invalid: they are keys of two accounts, or Stripe does not know the public key.
            Conflict: an answer is of the other mode than the keys.
            Denied: the secret key may see neither object, so nothing could be proven.
            Upstream: Stripe could not be reached.
        """
        public = replace(access, key=Secret(pair.publishable), account_id=None)
        try:
            proven = await self._by_intent(public, access) or await self._by_method(public, access)
        except KeyRefused as failure:
            raise _of_public_key(failure) from None
        if not proven:
            raise Denied(
                "keys_unproven",
                "Stripe does not let this secret key show that it belongs to the public key's account.",
                field=SECRET,
                remedy="Give the secret key the permission «PaymentMethods: Write» (rak_payment_method_write).",
            )

    async def _by_intent(self, public: Access, access: Access) -> bool:
        """Has the public key read the newest payment intent; False if there is none to read."""
        try:
            answer = await self._reader.get(access, "/v1/payment_intents", {"limit": 1}, deadline=self._deadline)
        except PermissionMissing:
            return False
        intent = next(iter(answer.items), None)
        if intent is None or not intent.get("client_secret"):
            return False
        params = {"client_secret": intent["client_secret"]}
        try:
            seen = await self._reader.get(
                public, f"/v1/payment_intents/{intent['id']}", params, deadline=self._deadline
            )
        except (StripeAbsent, RequestRefused) as failure:
            if isinstance(failure, StripeAbsent) or failure.stripe_code == "resource_missing":
                _two_accounts()
            return False
        except PermissionMissing:
            return False
        _check_mode(seen.body, access)
        return True

    async def _by_method(self, public: Access, access: Access) -> bool:
        """Has the secret key read a payment method that the public key made; False if either may not."""
        try:
            made = await self._writer.send(
                public, "POST", "/v1/payment_methods", _EMPTY_METHOD, ids.new("pair"), deadline=self._deadline
            )
        except (PermissionMissing, RequestRefused):
            return False
        _check_mode(made.body, access)
        try:
            await self._reader.get(access, f"/v1/payment_methods/{made.body['id']}", deadline=self._deadline)
        except StripeAbsent:
            _two_accounts()
        except PermissionMissing:
            return False
        return True


def _two_accounts() -> NoReturn:
    raise Invalid(
        "keys_of_two_accounts",
        "The public and the secret key belong to two different Stripe accounts.",
        field=PUBLIC,
        remedy="Take both keys from the same account: check the account's name at the top of Stripe's Dashboard.",
    )


def _check_mode(body: dict[str, Any], access: Access) -> None:
    if body.get("livemode") is not access.livemode:
        raise Conflict(
            "mode_mismatch",
            "Stripe answered in another mode than the keys say.",
            field=SECRET,
            remedy="Copy both keys again from Stripe's Dashboard.",
        )


def _of_public_key(failure: StripeFailure) -> Invalid:
    return Invalid(
        "public_key_refused",
        "Stripe does not accept the public key: it is mistyped, or it was rolled or revoked.",
        field=PUBLIC,
        remedy="Copy the public key again from Stripe's Dashboard under Developers › API keys.",
        stripe=failure.facts.code,
    )
