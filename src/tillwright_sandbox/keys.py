"""API keys: publishable, secret and restricted; which account and mode they open, what they may do, what Stripe says
when they may not."""

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from .clock import Clock
from .errors import StripeError
from .rights import ALL, FREE, UNAVAILABLE, allows, needed, normalise

Reaches = Callable[[str, str, bool], bool]
KINDS = {"pk": "publishable", "sk": "secret", "rk": "restricted"}
KEYS_PAGE = "https://dashboard.stripe.com/account/apikeys"

# What a publishable key may call; those with True only for an object whose client_secret it shows.
PUBLISHABLE: dict[tuple[str, str], bool] = {
    ("POST", "/v1/tokens"): False,
    ("GET", "/v1/tokens/{token}"): False,
    ("POST", "/v1/payment_methods"): False,
    ("POST", "/v1/sources"): False,
    ("GET", "/v1/sources/{source}"): True,
    ("GET", "/v1/confirmation_tokens/{confirmation_token}"): False,
    ("GET", "/v1/payment_intents/{intent}"): True,
    ("POST", "/v1/payment_intents/{intent}/confirm"): True,
    ("GET", "/v1/setup_intents/{intent}"): True,
    ("POST", "/v1/setup_intents/{intent}/confirm"): True,
    ("GET", "/v1/payment_pages/{session}"): False,
    ("POST", "/v1/payment_pages/{session}/confirm"): False,
}


@dataclass(slots=True)
class Key:
    """One API key. `rights` are `rak_` names without that prefix; `status` is active, expired, revoked, or
    elsewhere (its list of IP addresses leaves this one out)."""

    secret: str
    kind: str
    livemode: bool
    account: str
    rights: frozenset[str] = frozenset()
    status: str = "active"
    name: str = ""
    until: int | None = None  # an expired or revoked key still works until then (unix seconds, virtual clock)
    wording: str = "mixed"  # which of Stripe's two 403 texts: rak, enabling, or mixed (as on record, by resource)

    def may(self, right: str) -> bool:
        return self.kind == "secret" or allows(self.rights, right)

    @property
    def masked(self) -> str:
        return mask(self.secret)


class Keys:
    """All keys of a world, by their text."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.by_secret: dict[str, Key] = {}

    def add(self, secret: str, account: str, rights: list[str] | None = None, name: str = "") -> Key:
        """Adds a key whose kind and mode its prefix tells. A restricted key without `rights` has them all."""
        kind, livemode = parse(secret)
        chosen: frozenset[str] = frozenset()
        if kind == "restricted":
            chosen = ALL if rights is None else normalise(rights)
        self.by_secret[secret] = Key(secret, kind, livemode, account, chosen, name=name)
        return self.by_secret[secret]

    def create(self, account: str, livemode: bool, rights: list[str] | None, kind: str = "rk", name: str = "") -> Key:
        if kind not in KINDS:
            raise ValueError(f"kind must be pk, sk or rk; got {kind!r}.")
        secret = f"{kind}_{'live' if livemode else 'test'}_sandbox_{secrets.token_hex(16)}"
        return self.add(secret, account, rights, name)

    def named(self, secret: str) -> Key:
        if secret not in self.by_secret:
            raise LookupError("no such key")
        return self.by_secret[secret]

    def authenticate(self, authorization: str | None) -> Key:
        """The key of an Authorization header (Bearer, or Basic with the key as the user), else Stripe's 401."""
        secret = _read_header(authorization)
        if not secret:
            raise unauthenticated(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using "
                "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#"
                "authentication for details, or we can help at https://support.stripe.com/."
            )
        key = self.by_secret.get(secret)
        if key is not None and key.until is not None and self.clock.now() < key.until:
            return key
        if key is None or key.status == "revoked":
            raise unauthenticated(f"Invalid API Key provided: {mask(secret)}")
        if key.status == "expired":
            raise unauthenticated(f"Expired API Key provided: {mask(secret)}", "api_key_expired")
        if key.status == "elsewhere":
            raise denied(
                f"The API key provided ({mask(secret)}) does not allow requests from your IP address. You can change "
                f"the addresses it accepts at {KEYS_PAGE}."
            )
        return key

    def snapshot(self) -> list[dict[str, Any]]:
        return [{**asdict(key), "rights": sorted(key.rights)} for key in self.by_secret.values()]

    def restore(self, rows: list[dict[str, Any]]) -> None:
        self.by_secret = {row["secret"]: Key(**{**row, "rights": frozenset(row["rights"])}) for row in rows}


def parse(secret: str) -> tuple[str, bool]:
    """(kind, livemode) as the prefix tells."""
    parts = secret.split("_", 2)
    if len(parts) != 3 or parts[0] not in KINDS or parts[1] not in ("test", "live") or not parts[2]:
        raise ValueError("a key looks like sk_test_…, rk_live_… or pk_test_…")
    return KINDS[parts[0]], parts[1] == "live"


def mask(secret: str) -> str:
    """As Stripe shows a key: the prefix, asterisks, the last four characters."""
    parts = secret.split("_", 2)
    prefix = "_".join(parts[:2]) + "_" if len(parts) == 3 and parts[1] in ("test", "live") else ""
    rest = secret[len(prefix) :]
    return prefix + "*" * max(len(rest) - 4, 3) + (rest[-4:] if len(rest) > 4 else "")


def authorise(key: Key, method: str, path: str, params: dict[str, Any], acting: str) -> None:
    """Raises Stripe's 403 unless the key may call the operation at this path template (`acting`: on whose account)."""
    if key.kind == "publishable":
        _authorise_publishable(method, path, params)
        return
    right, title = needed(method, path)
    if key.kind == "secret" or right == FREE:
        return
    if right == UNAVAILABLE:
        raise denied(
            "This is a restricted API key, but the required permissions are not available for use by restricted keys. "
            "Please use a secret key instead."
        )
    if not key.may(right):
        raise missing(key, right, title, acting)


def missing(key: Key, right: str, title: str, account: str) -> StripeError:
    """Stripe's 403 for a right the key lacks: one of two texts, both on record."""
    shown = f"{key.secret[:8]}***"
    start = f"The provided key '{shown}' does not have the required permissions for this endpoint on account"
    enabling = key.wording == "enabling" or (key.wording == "mixed" and right.startswith("plan_"))
    if not enabling:
        return denied(f"{start} '{account}'. Having the 'rak_{right}' permission would allow this request to continue.")
    return denied(
        f"Permission denied. {start} '{account}'. Enabling \"{title}\" ('{right}') permissions on this key would allow "
        f"this request to continue. You can edit permissions at https://dashboard.stripe.com/b/{account}",
        "more_permissions_required",
    )


def acting_account(key: Key, method: str, header: str | None, reaches: Reaches) -> str:
    """The account a request acts on. `reaches(platform, account, livemode)`: whether the one may act on the other.

    Raises 403 account_invalid for an account that is not the key's own and not connected to it, and Stripe's own text
    for a restricted key without Connect rights; one with read rights alone may only GET.
    """
    if not header or header == key.account:
        return key.account
    if key.kind == "restricted" and not key.may("connect_read"):
        raise denied(
            "You passed a restricted API key with the Stripe-Account header, but the restricted API key does not have "
            "any Connect permissions."
        )
    if key.kind == "restricted" and method != "GET" and not key.may("connect_write"):
        raise missing(key, "connect_write", "All Connect resources Write", header)
    if not reaches(key.account, header, key.livemode):
        raise denied(
            f"The provided key '{key.secret[:8]}***' does not have access to account '{header}' (or that account does "
            "not exist). Application access may have been revoked.",
            "account_invalid",
        )
    return header


def _authorise_publishable(method: str, path: str, params: dict[str, Any]) -> None:
    wants_secret = PUBLISHABLE.get((method, path))
    if wants_secret is None:
        raise denied(
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a "
            f"list of your API keys at {KEYS_PAGE}.",
            "secret_key_required",
        )
    if wants_secret and not params.get("client_secret"):
        raise StripeError(
            400, "invalid_request_error", "parameter_missing", "Missing required param: client_secret.", "client_secret"
        )


def _read_header(authorization: str | None) -> str:
    scheme, _, rest = (authorization or "").partition(" ")
    rest = rest.strip()
    if scheme.lower() == "basic":
        try:
            rest = base64.b64decode(rest, validate=True).decode("utf-8", "replace").split(":", 1)[0]
        except binascii.Error:
            rest = ""
    elif scheme.lower() != "bearer":
        rest = ""
    return rest


def unauthenticated(message: str, code: str | None = None) -> StripeError:
    headers = {"WWW-Authenticate": 'Bearer realm="Stripe"'}
    return StripeError(401, "invalid_request_error", code, message, headers=headers)


def denied(message: str, code: str | None = None) -> StripeError:
    return StripeError(403, "invalid_request_error", code, message)
