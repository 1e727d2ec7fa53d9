"""The signature on a webhook: HMAC-SHA256 over time and body, so that neither can be changed or replayed. Pure."""

from __future__ import annotations

import hmac

from tillwright.kit.seal import Secret

HEADER = "Tillwright-Signature"
ID_HEADER = "Tillwright-Id"


def sign(secret: Secret, at: int, body: bytes) -> str:
    """`t=<seconds since 1970>,v1=<hex>`; the receiver computes HMAC-SHA256 of `<t>.<body>` and compares.

    Args:
        at: when it is sent, in whole seconds since 1970.
    """
    mark = hmac.digest(secret.reveal().encode(), str(at).encode() + b"." + body, "sha256").hex()
    return f"t={at},v1={mark}"
