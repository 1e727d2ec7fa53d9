"""How a delivery is signed: HMAC-SHA256 over "t.body" with the endpoint's whole secret as the key."""

import hashlib
import hmac
import secrets


def new_secret() -> str:
    return f"whsec_{secrets.token_hex(16)}"


def sign(body: bytes, secrets_: list[str], timestamp: int) -> str:
    """The Stripe-Signature header: one v1 for each secret in force, and a v0 that receivers must ignore."""
    payload = f"{timestamp}.".encode() + body
    parts = [f"v1={hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()}" for secret in secrets_]
    decoy = hmac.new(b"v0", payload, hashlib.sha256).hexdigest()
    return ",".join([f"t={timestamp}", *parts, f"v0={decoy}"])
