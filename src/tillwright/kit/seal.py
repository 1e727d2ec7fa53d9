"""Envelope encryption for secrets, and a type that keeps them out of every text.

A sealed value is one byte of version, the master key's id (8 bytes), the wrapped data key (12-byte nonce, 48 bytes),
then a 12-byte nonce and the ciphertext. Both layers are AES-256-GCM; organisation, partner and purpose are associated
data of both, so a blob moved to another row does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tillwright.kit.errors import Invalid

_VERSION = b"\x01"
_NONCE = 12
_WRAPPED = 32 + 16
_KEY_ID = 8
BEGINNING = 1 + _KEY_ID
"""Bytes of a sealed value that tell its version and its master key."""


class Secret:
    """A text that can't be printed, logged, pickled, copied into JSON or compared in the open."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one line that must send it."""
        return self._value

    def matches(self, other: str) -> bool:
        """Compare in constant time."""
        return secrets.compare_digest(self._value.encode(), other.encode())

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled: seal it")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: Any) -> Secret:
        return self


@dataclass(frozen=True)
class MasterKey:
    """32 bytes that wrap data keys; its id is a digest of them and tells which key sealed a blob."""

    material: Secret

    @property
    def bytes(self) -> bytes:
        return base64.urlsafe_b64decode(self.material.reveal() + "=")

    @property
    def id(self) -> bytes:
        return hashlib.sha256(b"tillwright master key" + self.bytes).digest()[:_KEY_ID]

    @classmethod
    def parse(cls, text: str) -> MasterKey:
        """Read 32 bytes of URL-safe base64 (43 characters).

        Raises:
            Invalid: the text is not such a key.
        """
        text = text.strip().rstrip("=")
        try:
            size = len(base64.urlsafe_b64decode(text + "="))
        except ValueError:
            size = 0
        if size != 32 or len(text) != 43:
            raise Invalid(
                "master_key_malformed",
                "The master key is not 32 bytes of URL-safe base64 (43 characters).",
                field="TILLWRIGHT_MASTER_KEY",
                remedy='Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"',
            )
        return cls(Secret(text))

    @classmethod
    def in_file(cls, path: Path) -> MasterKey:
        """Read the key file, making it (mode 0600) at the first start.

        Raises:
            Invalid: the file is readable by others, or holds no key.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Written whole beside the place and linked in: of two processes that start at once, one key wins.
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        if not path.exists():
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return cls.all_in_file(path)[0]

    @classmethod
    def all_in_file(cls, path: Path) -> Sequence[MasterKey]:
        """Read a key file that is there: a key a line, the sealing one first.

        Raises:
            Invalid: the file is readable by others, or holds no key.
        """
        if path.stat().st_mode & 0o077:
            raise Invalid(
                "master_key_exposed",
                f"The master key file {path} can be read by other users.",
                remedy=f"Run: chmod 600 {path}",
            )
        return [cls.parse(line) for line in path.read_text().split() or [""]]


class MasterKeys(Protocol):
    """Where the keys are, the sealing one first; they may change while a process runs."""

    def present(self) -> Sequence[MasterKey]: ...


class Seal:
    """Closes and opens secrets; the first master key seals, all of them open."""

    def __init__(self, master_keys: Sequence[MasterKey] | MasterKeys) -> None:
        if isinstance(master_keys, Sequence) and not master_keys:
            raise ValueError("a seal needs a master key")
        self._master_keys = master_keys

    def _keys(self) -> Sequence[MasterKey]:
        return self._master_keys if isinstance(self._master_keys, Sequence) else self._master_keys.present()

    @property
    def beginning(self) -> bytes:
        """What every value begins with that the present master key seals."""
        return _VERSION + self._keys()[0].id

    def close(self, secret: Secret, *, organisation: str, partner: str, purpose: str) -> bytes:
        """Seal under a fresh data key, bound to organisation, partner and purpose."""
        bound = _bound(organisation, partner, purpose)
        data_key = AESGCM.generate_key(256)
        wrap_nonce, nonce = os.urandom(_NONCE), os.urandom(_NONCE)
        sealing = self._keys()[0]
        wrapped = AESGCM(sealing.bytes).encrypt(wrap_nonce, data_key, bound)
        body = AESGCM(data_key).encrypt(nonce, secret.reveal().encode(), bound)
        return _VERSION + sealing.id + wrap_nonce + wrapped + nonce + body

    def open(self, blob: bytes, *, organisation: str, partner: str, purpose: str) -> Secret:
        """Open what `close` sealed for the same organisation, partner and purpose.

        Raises:
            Invalid: another master key sealed it, it was changed, or it belongs to another row.
        """
        bound = _bound(organisation, partner, purpose)
        at = 1 + _KEY_ID
        key = next((each for each in self._keys() if each.id == bytes(blob[1:at])), None)
        if blob[:1] != _VERSION or key is None:
            raise Invalid(
                "seal_unknown_key",
                "This secret was sealed with a master key that is not configured.",
                remedy="Put the master key it was sealed with back into TILLWRIGHT_MASTER_KEY or the key file.",
            )
        wrap_nonce, wrapped = blob[at : at + _NONCE], blob[at + _NONCE : at + _NONCE + _WRAPPED]
        rest = blob[at + _NONCE + _WRAPPED :]
        try:
            data_key = AESGCM(key.bytes).decrypt(wrap_nonce, wrapped, bound)
            return Secret(AESGCM(data_key).decrypt(rest[:_NONCE], rest[_NONCE:], bound).decode())
        except (InvalidTag, ValueError) as error:
            raise Invalid(
                "seal_broken",
                "A sealed secret does not open: it was changed, or it belongs to another organisation or purpose.",
                remedy="Enter the key again: connect Stripe anew on the Integrations page.",
            ) from error

    def renew(self, blob: bytes, *, organisation: str, partner: str, purpose: str) -> bytes:
        """The same secret under the present master key and a fresh data key.

        Raises:
            Invalid: as for `open`.
        """
        secret = self.open(blob, organisation=organisation, partner=partner, purpose=purpose)
        return self.close(secret, organisation=organisation, partner=partner, purpose=purpose)

    def seals_with(self, blob: bytes) -> bool:
        """Whether the blob is sealed with the current master key, so that a rotation may pass it by."""
        return bytes(blob[:BEGINNING]) == self.beginning

    def sign(self, text: str, *, purpose: str) -> str:
        """A mark that proves the text is ours: 43 characters, safe in a URL."""
        return _mark(self._keys()[0], text, purpose)

    def signed(self, text: str, mark: str, *, purpose: str) -> bool:
        """Whether one of our keys, an old one too, made this mark of this text for this purpose."""
        found = [secrets.compare_digest(_mark(key, text, purpose).encode(), mark.encode()) for key in self._keys()]
        return any(found)


def _mark(key: MasterKey, text: str, purpose: str) -> str:
    own = hmac.digest(key.bytes, b"tillwright mark: " + purpose.encode(), "sha256")
    return base64.urlsafe_b64encode(hmac.digest(own, text.encode(), "sha256")).rstrip(b"=").decode()


def _bound(*parts: str) -> bytes:
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
