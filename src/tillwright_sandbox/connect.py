"""Who is connected to which platform by OAuth: the authorisations people gave, and the codes given for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .ids import random_text

if TYPE_CHECKING:
    from .world import World

CODE_SECONDS = 300  # how long a code may be redeemed
SCOPES = ("read_only", "read_write")


@dataclass(slots=True)
class Code:
    """One authorisation code; `used` once it was redeemed."""

    platform: str
    account: str
    livemode: bool
    scope: str
    until: int
    used: bool = False


@dataclass(slots=True)
class Platform:
    """What a platform set up at Stripe. `read_only`: an old Extension, which alone may ask for that scope.

    `redirects` are the addresses people may be sent back to; with none, any address on this machine will do.
    """

    read_only: bool = True
    redirects: list[str] = field(default_factory=list[str])


class Connect:
    """All grants of a world: (platform, account, livemode) -> scope."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.grants: dict[tuple[str, str, bool], str] = {}
        self.codes: dict[str, Code] = {}
        self.platforms: dict[str, Platform] = {}

    def platform(self, account: str) -> Platform:
        return self.platforms.setdefault(account, Platform())

    def client_id(self, account: str, livemode: bool) -> str:
        """A platform has one client id for each mode."""
        return f"ca_{account.removeprefix('acct_')}{'_live' if livemode else ''}"

    def platform_of(self, client_id: str) -> tuple[str, bool] | None:
        """(account, livemode) of a client id."""
        for account in self.world.accounts:
            for livemode in (False, True):
                if client_id == self.client_id(account, livemode):
                    return account, livemode
        return None

    def may_return_to(self, platform: str, address: str) -> bool:
        """Whether a platform's people may be sent there: exactly as registered, or this machine where nothing is."""
        registered = self.platform(platform).redirects
        if registered:
            return address in registered
        return urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")

    def reaches(self, platform: str, account: str, livemode: bool) -> bool:
        """Whether the platform may act on the account: it made it, or was authorised in this mode."""
        known = self.world.accounts.get(account)
        return known is not None and (known.platform == platform or (platform, account, livemode) in self.grants)

    def platforms_of(self, account: str, livemode: bool) -> set[str]:
        """The platforms that hear of what happens on an account."""
        own = self.world.accounts[account].platform
        granted = {one for one, other, mode in self.grants if other == account and mode is livemode}
        return granted | ({own} if own else set())

    def authorise(self, platform: str, account: str, livemode: bool, scope: str) -> str:
        """The person agreed: a code for it."""
        code = f"ac_{random_text(self.world.dice, 32)}"
        self.codes[code] = Code(platform, account, livemode, scope, self.world.clock.now() + CODE_SECONDS)
        return code

    def revoke(self, platform: str, account: str, livemode: bool) -> bool:
        """Takes an authorisation back and tells the platform; False if there was none."""
        from . import events

        if self.grants.pop((platform, account, livemode), None) is None:
            return False
        events.departure(self.world, platform, livemode, account)
        return True

    def snapshot(self) -> dict[str, Any]:
        return {
            "grants": [[*key, scope] for key, scope in self.grants.items()],
            "codes": {code: asdict(row) for code, row in self.codes.items()},
            "platforms": {account: asdict(row) for account, row in self.platforms.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.grants = {(one, other, mode): scope for one, other, mode, scope in state["grants"]}
        self.codes = {code: Code(**row) for code, row in state["codes"].items()}
        self.platforms = {account: Platform(**row) for account, row in state["platforms"].items()}
