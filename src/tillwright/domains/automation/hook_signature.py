"""Does a delivery come from who holds the workflow's secret, and from now? By the Standard Webhooks scheme; pure.

HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`, in base64, under the bytes of a `whsec_…` secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tillwright.kit.errors import Denied
from tillwright.kit.seal import Secret

TOLERANCE = 300
"""How many seconds a delivery may be old, or ahead of our clock."""
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_PREFIX = "whsec_"
_ID = re.compile(rb"[!-~]{1,128}")
_SECONDS = re.compile(rb"[0-9]{1,12}")
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class HookSignature:
    """What a delivery says of itself; nothing of it is proven yet. `proofs` are its v1 signatures, decoded."""

    id: bytes
    stamp: bytes
    proofs: tuple[bytes, ...]

    @property
    def delivery(self) -> str:
        return self.id.decode()


def fresh_secret() -> Secret:
    """`whsec_` and 32 random bytes in base64."""
    return Secret(_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode())


def read(headers: Mapping[str, Sequence[bytes]]) -> HookSignature:
    """Read the three headers, each of which must be there once.

    Raises:
        Denied: one is missing, there several times, or says nothing that can be checked.
    """
    for name in HEADERS:
        if not headers.get(name):
            raise _refused("signature_missing", f"The request carries no {name} header.", name)
        if len(headers[name]) > 1:
            raise _refused("signature_ambiguous", f"The request carries several {name} headers.", name)
    identity, stamp, signature = (headers[name][0].strip() for name in HEADERS)
    if not _ID.fullmatch(identity):
        raise _refused("delivery_id_malformed", "webhook-id is 1 to 128 visible characters.", "webhook-id")
    if not _SECONDS.fullmatch(stamp):
        raise _refused("signature_malformed", "webhook-timestamp is no whole number of seconds.", "webhook-timestamp")
    proofs = tuple(found for part in signature[:_LONGEST].split(b" ") if (found := _proof(part)))
    if not proofs:
        raise _refused("signature_malformed", "webhook-signature has no v1 signature.", "webhook-signature")
    return HookSignature(identity, stamp, proofs)


def check(signature: HookSignature, body: bytes, keys: Sequence[Secret], now: int) -> None:
    """Refuse what is old, and what none of the secrets signed.

    Args:
        now: seconds since 1970.

    Raises:
        Denied: it may be a replay, the body was changed, or someone without the secret signed it.
    """
    if abs(int(signature.stamp) - now) > TOLERANCE:
        raise Denied(
            "signature_expired", "The delivery's time is more than five minutes from ours.",
            field="webhook-timestamp", remedy="Sign it when it is sent; a retry is signed again, under the same id.",
        )  # fmt: skip
    signed = signature.id + b"." + signature.stamp + b"." + body
    for key in keys:
        proof = hmac.digest(_bytes(key), signed, hashlib.sha256)
        if any([hmac.compare_digest(proof, offered) for offered in signature.proofs]):
            return
    raise _refused("signature_wrong", "The signature does not match the body.", "webhook-signature")


def _proof(part: bytes) -> bytes | None:
    scheme, _, text = part.partition(b",")
    try:
        found = base64.b64decode(text, validate=True) if scheme == b"v1" else b""
    except binascii.Error:
        return None
    return found if len(found) == 32 else None


def _bytes(key: Secret) -> bytes:
    return base64.b64decode(key.reveal().removeprefix(_PREFIX))


def _refused(code: str, sentence: str, field: str) -> Denied:
    return Denied(code, sentence, field=field, remedy="See how deliveries are signed in the reference of workflows.")
