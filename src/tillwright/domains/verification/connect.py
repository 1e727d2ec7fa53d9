"""What the key may do on accounts that users connect: asked of an account that cannot exist, so nothing is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import AccountRefused, PermissionMissing, StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import StripeWriter
from tillwright.kit import ids

Reach = Literal["none", "read", "write", "unknown"]
NOBODY = "acct_0000000000000000"

_SAID = {
    "none": "This key has no Connect permissions, so no user's own account can be read: set them to read.",
    "write": "This key could write to accounts that users connect. Tillwright never does; set its Connect permissions "
    "to read, and Stripe refuses it too.",
}


async def reach(reader: StripeReader, writer: StripeWriter, access: Access, *, restricted: bool) -> Reach:
    """What a platform's key may do on others' accounts. A full secret key may write."""
    if not restricted:
        return "write"
    there = replace(access, on_account=NOBODY)
    try:
        await reader.get(there, "/v1/balance", deadline=10)
    except PermissionMissing:
        return "none"
    except AccountRefused:
        pass  # refused for whose account it is, not for the right
    except StripeFailure:
        return "unknown"
    try:
        await writer.send(there, "POST", "/v1/customers/cus_none", None, ids.new("probe"), deadline=10, retry=False)
    except PermissionMissing:
        return "read"
    except AccountRefused:
        return "write"
    except StripeFailure:
        return "unknown"
    return "unknown"


def advice(found: Reach) -> tuple[str, ...]:
    """What a report says of it; nothing where it is as it should be, or can't be told."""
    return (_SAID[found],) if found in _SAID else ()
