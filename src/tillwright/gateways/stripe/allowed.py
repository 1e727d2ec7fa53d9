"""What may be read of a user's own account, and nothing else: paths, their parameters, what may be expanded. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tillwright.kit.errors import Denied

_PAGING = frozenset({"limit", "starting_after"})
_DATED = _PAGING | {"created"}
_ONE: frozenset[str] = frozenset()

# Path template -> the parameters it takes. `{}` stands for one id.
ALLOWED: Mapping[str, frozenset[str]] = {
    "/v1/account": _ONE,
    "/v1/balance": _ONE,
    "/v1/balance_transactions": _DATED | {"source", "type", "currency"},
    "/v1/charges": _DATED | {"customer", "payment_intent"},
    "/v1/charges/{}": _ONE,
    "/v1/coupons": _DATED,
    "/v1/coupons/{}": _ONE,
    "/v1/customers": _DATED | {"email"},
    "/v1/customers/{}": _ONE,
    "/v1/disputes": _DATED | {"charge", "payment_intent"},
    "/v1/disputes/{}": _ONE,
    "/v1/invoice_payments": _PAGING | {"invoice", "payment"},
    "/v1/invoices": _DATED | {"customer", "status", "subscription"},
    "/v1/invoices/{}": _ONE,
    "/v1/payment_intents": _DATED | {"customer"},
    "/v1/payment_intents/{}": _ONE,
    "/v1/prices": _DATED | {"product", "active"},
    "/v1/prices/{}": _ONE,
    "/v1/products": _DATED | {"active"},
    "/v1/products/{}": _ONE,
    "/v1/promotion_codes": _DATED | {"code", "coupon", "active", "customer"},
    "/v1/promotion_codes/{}": _ONE,
    "/v1/refunds": _DATED | {"charge", "payment_intent"},
    "/v1/refunds/{}": _ONE,
    "/v1/subscriptions": _DATED | {"customer", "status", "price"},
    "/v1/subscriptions/{}": _ONE,
}
EXPANDABLE = frozenset({"customer", "data.customer", "latest_charge", "data.latest_charge"})

_ID = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9_.-]{1,255}"
_PATTERNS = tuple((re.compile(re.escape(path).replace(r"\{\}", _ID)), takes) for path, takes in ALLOWED.items())
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{8,64}")


def check(account_id: str, path: str, params: Mapping[str, Any]) -> None:
    """Raises Denied for anything that is not on the list above; nothing was sent."""
    if not _ACCOUNT.fullmatch(account_id):
        # Without the account a request would silently act on the platform itself.
        raise _refused("account_required", f"{account_id!r} is no connected account.")
    takes = next((takes for pattern, takes in _PATTERNS if pattern.fullmatch(path)), None)
    if takes is None:
        raise _refused("path_not_allowed", f"{path!r} may not be read of a user's account.")
    for name in params:
        if name != "expand" and name not in takes:
            raise _refused("parameter_not_allowed", f"{name!r} may not be asked of {path}.")
    wanted = params.get("expand", [])
    for name in wanted if isinstance(wanted, list) else [wanted]:
        if name not in EXPANDABLE:
            raise _refused("expand_not_allowed", f"{name!r} may not be expanded.")


def _refused(code: str, sentence: str) -> Denied:
    return Denied(code, sentence, remedy="Ask for something else: reading is limited to a fixed list.")
