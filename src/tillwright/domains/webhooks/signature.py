"""Do these bytes come from Stripe, and from now? Decided on bytes alone, before anything parses them."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tillwright.kit.errors import Denied
from tillwright.kit.seal import Secret

TOLERANCE = 300
"""How many seconds a signature may be old, or ahead of our clock."""
LONGEST_HEADER = 8 * 1024
"""Bytes; Stripe's own is under 200."""

_SECONDS = re.compile(rb"[0-9]{1,12}")
_SHA256 = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Signature:
    """A `Stripe-Signature` header, read: `stamp` is its time as it was written, `proofs` its v1 signatures."""

    stamp: bytes
    proofs: tuple[bytes, ...]

    @property
    def seconds(self) -> int:
        """The stamp, in seconds since 1970."""
        return int(self.stamp)


def read(headers: Sequence[bytes]) -> Signature:
    """Read the one header `t=…,v1=…[,v1=…]`; other schemes in it (`v0`) are passed over, as Stripe asks.

    Raises:
        Denied: there is none, there are several, or it says nothing that can be checked.
    """
    if not headers:
        raise _refused("signature_missing", "The request carries no Stripe-Signature header.")
    if len(headers) > 1:
        raise _refused("signature_ambiguous", "The request carries several Stripe-Signature headers.")
    header = headers[0]
    if len(header) > LONGEST_HEADER:
        raise _refused("signature_too_long", "The Stripe-Signature header is longer than 8 KB.")
    stamps: list[bytes] = []
    proofs: list[bytes] = []
    for part in header.split(b","):
        name, _, value = part.partition(b"=")
        if name == b"t":
            stamps.append(value)
        elif name == b"v1" and _SHA256.fullmatch(value):
            proofs.append(value)
    if len(stamps) != 1 or not _SECONDS.fullmatch(stamps[0]):
        raise _refused("signature_malformed", "The Stripe-Signature header does not have one time in whole seconds.")
    if not proofs:
        raise _refused("signature_malformed", "The Stripe-Signature header has no v1 signature.")
    return Signature(stamps[0], tuple(proofs))


def check_time(signature: Signature, now: int) -> None:
    """Refuse what was signed more than `TOLERANCE` seconds before or after `now` (seconds since 1970).

    Raises:
        Denied: the signature may be a replay, or one of the two clocks is wrong.
    """
    if abs(signature.seconds - now) > TOLERANCE:
        raise Denied(
            "signature_expired",
            "The signature's time is more than five minutes from ours.",
            field="Stripe-Signature",
            remedy="If this is a fresh delivery of Stripe's, set this machine's clock right (NTP).",
        )


def check(signature: Signature, body: bytes, secrets: Sequence[Secret]) -> None:
    """Refuse bytes that none of the endpoint's secrets signed.

    Args:
        secrets: the whole `whsec_…` texts; two while one replaces the other. An empty one signs nothing.

    Raises:
        Denied: the body was changed, or someone without the secret signed it.
    """
    for secret in secrets:
        key = secret.reveal().encode()
        if not key:
            continue
        proof = hmac.digest(key, signature.stamp + b"." + body, "sha256").hex().encode()
        if any([hmac.compare_digest(proof, offered) for offered in signature.proofs]):
            return
    raise _refused("signature_wrong", "The signature does not match the body.")


def _refused(code: str, sentence: str) -> Denied:
    return Denied(
        code,
        sentence,
        field="Stripe-Signature",
        remedy="Only Stripe calls this address; to register it anew, press VERIFY on the Integrations page.",
    )
