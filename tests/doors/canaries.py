"""Looking for a secret in any bytes, however it may have been written there."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from urllib.parse import quote


def spellings(secret: str) -> dict[str, bytes]:
    """The secret as a leak might hold it, by the name of the encoding."""
    raw = secret.encode()
    made = {
        "plain": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "percent": quote(secret, safe="").encode(),
        "every character in percent": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "JSON escapes": "".join(f"\\u{ord(char):04x}" for char in secret).encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "UTF-16": secret.encode("utf-16-le"),
        "backwards": raw[::-1],
        "its second half": raw[len(raw) // 2 :],
        "its first half": raw[: (len(raw) + 1) // 2],
    }
    for shift in range(3):
        # Inside a longer text, base64 begins at any of three places; what touches the ends depends on the neighbours.
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            first = (-shift) % 3 + (4 if shift else 0)
            made[f"{name} at {shift}"] = encode(b"\0" * shift + raw)[first + shift : -4]
    return {name: text for name, text in made.items() if len(text) >= 8}


def found(secrets: Mapping[str, str], data: bytes) -> list[str]:
    """Which secrets the data holds, and how they are written."""
    return [
        f"{what} ({how})" for what, secret in secrets.items() for how, text in spellings(secret).items() if text in data
    ]
