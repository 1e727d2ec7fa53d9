"""Tells from their text alone whether a public and a secret key can belong together: pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tillwright.domains.integrations.model import KeyKind
from tillwright.kit.errors import Invalid, Problem
from tillwright.kit.seal import Secret

PUBLIC, SECRET = "publishableKey", "secretKey"
_SHAPE = re.compile(r"(pk|sk|rk)_(test|live)_[A-Za-z0-9_]{8,245}")
_WHERE = "Copy it from Stripe's Dashboard under Developers › API keys."
# What comes along when a key is copied out of a mail, a table or a line of a shell; zero-width characters too.
_AROUND = re.compile("[\\s\"'`“”‘’„«»\u200b\u200c\u200d\u2060\ufeff]+")
_OTHERS = (
    ("whsec_", "a webhook's signing secret"),
    (("ca_", "ac_", "acct_"), "an identifier of Stripe Connect"),
    (("rt_", "Bearer ", "eyJ"), "an OAuth token"),
)


@dataclass(frozen=True)
class KeyPair:
    """Two keys of one mode whose shape is right."""

    publishable: str
    secret: Secret
    livemode: bool
    kind: KeyKind

    @property
    def hint(self) -> str:
        return self.secret.reveal()[-4:]


def read_pair(publishable: str, secret: Secret) -> KeyPair:
    """Checks both texts.

    Raises:
        Invalid: with every complaint at once; no complaint repeats any part of a secret key.
    """
    private = secret.reveal()
    if publishable[:3] in ("sk_", "rk_") and private.startswith("pk_"):
        raise Invalid(
            "keys_swapped",
            "The public and the secret key are in each other's field.",
            field=PUBLIC,
            remedy="Swap them: the public key begins with pk_, the secret one with sk_ or rk_.",
        )
    problems = [
        problem
        for problem in (
            _complaint(PUBLIC, "public", publishable, ("pk",)),
            _complaint(SECRET, "secret", private, ("sk", "rk")),
        )
        if problem
    ]
    if problems:
        raise Invalid.many(problems)
    if publishable[3:7] != private[3:7]:
        raise Invalid(
            "keys_of_two_modes",
            f"The public key is of {publishable[3:7]} mode and the secret key of {private[3:7]} mode.",
            field=SECRET,
            remedy="Take both from the same page of Stripe's Dashboard, with test mode either on or off.",
        )
    return KeyPair(publishable, secret, private[3:7] == "live", "SECRET" if private[:2] == "sk" else "RESTRICTED")


def _complaint(field: str, name: str, text: str, wanted: tuple[str, ...]) -> Problem | None:
    begins = " or ".join(f"{prefix}_" for prefix in wanted)
    if not text.strip():
        return Problem("key_missing", f"The {name} key is missing.", field, _WHERE)
    for beginnings, what in _OTHERS:
        if text.startswith(beginnings):
            said = f"This is {what}, not a {name} key."
            return Problem("key_of_other_kind", said, field, f"The {name} key begins with {begins}.")
    trimmed = _AROUND.sub("", text)
    if trimmed != text:
        good = _SHAPE.fullmatch(trimmed) and trimmed[:2] in wanted
        what = "Without them it looks right: enter it that way." if good else _WHERE
        return Problem("key_with_spaces", f"The {name} key came with spaces or quotation marks.", field, what)
    if text[:3] in ("pk_", "sk_", "rk_") and text[:2] not in wanted:
        other = "public" if text[:2] == "pk" else "secret"
        said = f"This is a {other} key; the {name} key goes here."
        return Problem("key_of_other_kind", said, field, f"The {name} key begins with {begins}.")
    if not _SHAPE.fullmatch(text):
        said = f"This does not look like a {name} key of Stripe."
        return Problem("key_malformed", said, field, f"It begins with {begins} followed by test_ or live_. {_WHERE}")
    return None
