"""Everything the sandbox is: accounts with their objects, keys, clock, dice, faults, limits, ledger."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import events
from .clock import Clock
from .connect import Connect
from .faults import Faults
from .idempotency import Idempotency
from .ids import new_id
from .keys import Key, Keys
from .ledger import Ledger
from .limits import Limits
from .objects import Objects
from .undo import Undo
from .versions import PINNED
from .webhooks import Webhooks

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from .call import Call


@dataclass(eq=False)
class Account:
    """A Stripe account: two stores, and the platform it is connected to, if any."""

    id: str
    name: str
    country: str
    currency: str
    email: str
    test: Objects
    live: Objects
    platform: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    api_version: str = PINNED  # of requests that name none
    redirects: bool = True  # its Dashboard offers payment methods that send the buyer elsewhere

    def objects(self, livemode: bool) -> Objects:
        return self.live if livemode else self.test


class World:
    def __init__(self, seed: int = 1, clock: Clock | None = None) -> None:
        self.seed = seed
        self.clock = clock or Clock()
        self.dice = random.Random(seed)
        self.undo = Undo()
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.keys = Keys(self.clock)
        self.faults = Faults(seed)
        self.limits = Limits()
        self.idempotency = Idempotency(self.clock)
        self.ledger = Ledger()
        self.webhooks = Webhooks(self)
        self.connect = Connect(self)
        self.pages: list[BaseRoute] = []  # served beside the API: hosted pages
        self.search_lag = 0  # seconds until Search sees a new object
        self.requests = 0
        self.refunds_checked = True  # False: gives back more than was paid, to try who else keeps watch

    def add_account(
        self,
        id: str,
        name: str,
        country: str = "US",
        currency: str = "usd",
        email: str | None = None,
        platform: str | None = None,
    ) -> Account:
        """An account with empty stores; with a `platform`, one connected to that account."""
        account = Account(
            id=id,
            name=name,
            country=country,
            currency=currency,
            email=email or f"{name.lower().replace(' ', '.')}@example.com",
            test=Objects(id, False, self.clock, self.undo),
            live=Objects(id, True, self.clock, self.undo),
            platform=platform,
        )
        account.test.other, account.live.other = account.live, account.test
        self.accounts[id] = account
        return account

    def add_key(self, secret: str, account: str, rights: list[str] | None = None, name: str = "") -> Key:
        return self.keys.add(secret, account, rights, name)

    def new_id(self, prefix: str) -> str:
        return new_id(self.dice, prefix)

    def new_request_id(self) -> str:
        self.requests += 1
        return f"req_{self.seed:x}{self.requests:013x}"

    def mark(self) -> object:
        """Equal as long as nothing worth saving has changed."""
        stores = [store for one in self.accounts.values() for store in (one.test, one.live)]
        counts = tuple(kind.version for store in stores for kind in store.kinds.values())
        return (counts, len(self.ledger.lines), len(self.keys.by_secret), len(self.accounts), self.clock.offset)

    def publish(self, call: Call, type: str, photo: dict[str, Any], previous: dict[str, Any] | None) -> None:
        """Stores an event of a committed call and sends it on its way."""
        chaos = self.webhooks.chaos
        if chaos.chance(chaos.never_generated):
            return
        for _ in range(2 if chaos.chance(chaos.twins) else 1):
            event = events.build(
                self,
                type=type,
                photo=photo,
                previous=previous,
                created=self.clock.now(),
                livemode=call.livemode,
                api_version=call.api_version,
                request_id=call.request_id,
                idempotency_key=call.idempotency_key,
            )
            call.objects.insert(event)
            self.webhooks.publish(call.account.id, call.livemode, event)

    def snapshot(self) -> dict[str, Any]:
        """The whole state as plain JSON values."""
        version, internal, gauss = self.dice.getstate()
        return {
            "seed": self.seed,
            "clock": self.clock.snapshot(),
            "dice": [version, list(internal), gauss],
            "accounts": [
                {
                    "id": one.id,
                    "name": one.name,
                    "country": one.country,
                    "currency": one.currency,
                    "email": one.email,
                    "platform": one.platform,
                    "details": one.details,
                    "api_version": one.api_version,
                    "redirects": one.redirects,
                    "test": one.test.snapshot(),
                    "live": one.live.snapshot(),
                }
                for one in self.accounts.values()
            ],
            "keys": self.keys.snapshot(),
            "idempotency": self.idempotency.snapshot(),
            "ledger": self.ledger.snapshot(),
            "webhooks": self.webhooks.snapshot(),
            "connect": self.connect.snapshot(),
            "requests": self.requests,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Puts a snapshot in the place of everything."""
        self.seed = state["seed"]
        self.clock.restore(state["clock"])
        version, internal, gauss = state["dice"]
        self.dice.setstate((version, tuple(internal), gauss))
        self.accounts = {}
        for row in state["accounts"]:
            account = self.add_account(
                row["id"], row["name"], row["country"], row["currency"], row["email"], row["platform"]
            )
            account.details = row["details"]
            account.api_version, account.redirects = row["api_version"], row["redirects"]
            account.test.restore(row["test"])
            account.live.restore(row["live"])
        self.keys.restore(state["keys"])
        self.idempotency.restore(state["idempotency"])
        self.ledger.restore(state["ledger"])
        self.webhooks.restore(state["webhooks"])
        if "connect" in state:  # kept since OAuth is played
            self.connect.restore(state["connect"])
        self.requests = state["requests"]


NORTHWIND = "acct_northwindsandbx"
ACME = "acct_acmesandbox0000"
OLD_MILL = "acct_oldmillsandbox0"
# What the limited restricted key may do: enough to look at customers, too little for anything else.
LIMITED = ["customer_read", "charge_read", "connected_account_read"]


def make_world(seed: int = 1, clock: Clock | None = None) -> World:
    """Three accounts, Northwind Demo, Acme Demo and Old Mill Demo, with fixed, well-known keys in both modes.

    Old Mill was opened years ago: its requests take an older API version unless they name one, and it only
    offers cards.
    """
    world = World(seed, clock)
    for id_, name, word in (
        (NORTHWIND, "Northwind Demo", "northwind"),
        (ACME, "Acme Demo", "acme"),
        (OLD_MILL, "Old Mill Demo", "oldmill"),
    ):
        world.add_account(id_, name)
        for mode in ("test", "live"):
            for kind in ("sk", "pk", "rk"):
                world.add_key(f"{kind}_{mode}_sandbox_{word}", id_, name=f"{name} {kind} {mode}")
            limited = f"rk_{mode}_sandbox_limited" + ("" if word == "northwind" else f"_{word}")
            world.add_key(limited, id_, LIMITED, f"{name} limited {mode}")
    world.accounts[OLD_MILL].api_version, world.accounts[OLD_MILL].redirects = "2025-06-30.basil", False
    return world
