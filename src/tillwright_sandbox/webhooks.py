"""Who is told of an event: the endpoints, their secrets and modes, and the retries until they have answered 2xx."""

import asyncio
import random
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from .chaos import Chaos
from .deliveries import FAST, SLOW, Delivery, Lane, Letter, Post
from .events import matches
from .signature import new_secret, sign

if TYPE_CHECKING:
    from .world import World


@dataclass(slots=True)
class Endpoint:
    """What the API never shows again of an endpoint, or never shows at all."""

    account: str
    livemode: bool
    connect: bool
    secrets: list[str] = field(default_factory=list[str])


class Webhooks:
    """Told of each event by `publish`; delivers while started. Everything undelivered is part of the snapshot."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.chaos = Chaos()
        self.schedule: tuple[float, ...] = SLOW
        self.anywhere = False
        self.width = 16
        self.endpoints: dict[str, Endpoint] = {}
        self.backlog: list[Delivery] = []  # waiting for start
        self.undelivered: dict[tuple[str, str], bool] = {}  # (event, endpoint) still without a 2xx
        self.texts: dict[str, bytes] = {}  # bodies of our own, sent as they are, by a made-up event id
        self.lanes: dict[str, Lane] = {}
        self.post: Post | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread: int | None = None
        self.jitter = random.Random(world.seed)
        world.clock.on_advance.append(lambda _before, _after: self._from_any_thread(self._wake))

    def fast_retries(self) -> None:
        """A schedule of a few seconds, for tests."""
        self.schedule = FAST

    # --- endpoints -------------------------------------------------------------------------------------------------

    def register(self, id: str, account: str, livemode: bool, connect: bool) -> str:
        """Notes a new endpoint and answers its secret, which is not to be had again."""
        secret = new_secret()
        self.endpoints[id] = Endpoint(account, livemode, connect, [secret])
        return secret

    def roll(self, id: str, keep_old: bool) -> str:
        """A new secret; the old one signs along as long as `keep_old`."""
        endpoint = self.endpoints[id]
        secret = new_secret()
        endpoint.secrets = [secret, *endpoint.secrets] if keep_old else [secret]
        return secret

    def remove(self, id: str) -> None:
        self.endpoints.pop(id, None)

    def shown(self, id: str) -> dict[str, Any] | None:
        """The endpoint object of the API, None when it is gone."""
        endpoint = self.endpoints.get(id)
        owner = self.world.accounts.get(endpoint.account) if endpoint else None
        if endpoint is None or owner is None:
            return None
        record = owner.objects(endpoint.livemode).record("webhook_endpoint", id)
        return None if record is None or record.deleted else record.obj

    def targets(self, account: str, livemode: bool, type: str, left: bool = False) -> list[str]:
        """Endpoints to tell: the account's own, and its platform's Connect endpoints (live ones hear of test too).

        `left`: the event is about an account that has just left the platform `account`: its Connect endpoints alone.
        """
        platforms = {account} if left else self.world.connect.platforms_of(account, livemode)
        found = []
        for id, endpoint in self.endpoints.items():
            own = endpoint.account == account and not endpoint.connect and endpoint.livemode == livemode and not left
            through = (
                endpoint.connect
                and endpoint.account in platforms
                and (endpoint.livemode == livemode or (endpoint.livemode and not livemode))
            )
            shown = self.shown(id) if own or through else None
            if shown and shown["status"] == "enabled" and any(matches(one, type) for one in shown["enabled_events"]):
                found.append(id)
        return found

    # --- events ----------------------------------------------------------------------------------------------------

    def publish(self, account: str, livemode: bool, event: dict[str, Any]) -> None:
        """Puts an event on its way to everyone it concerns; safe to call from any thread."""
        targets = self.targets(account, livemode, event["type"], left="account" in event)
        if not targets:
            return
        event["pending_webhooks"] = len(targets)
        self.world.accounts[account].objects(livemode).touch(event)
        now = self.world.clock.precise()
        for id in targets:
            self.undelivered[(event["id"], id)] = True
            for wait in self.chaos.waits():
                self.put(Delivery(event["id"], id, account, livemode, now + wait))

    def resend(self, account: str, livemode: bool, event_id: str, endpoint: str) -> None:
        self.put(Delivery(event_id, endpoint, account, livemode, self.world.clock.precise()))

    def send(self, endpoint: str, text: bytes) -> str:
        """Sends any bytes, rightly signed: thin events, versions to come, nonsense. Answers an id to find it by."""
        id = f"text_{len(self.texts) + 1}"
        self.texts[id] = text
        owner = self.endpoints[endpoint]
        self.put(Delivery(id, endpoint, owner.account, owner.livemode, self.world.clock.precise()))
        return id

    def put(self, delivery: Delivery) -> None:
        if self.loop is None:
            self.backlog.append(delivery)
        else:
            self._from_any_thread(lambda: self._to_lane(delivery))

    def waiting(self) -> list[Delivery]:
        return self.backlog + [delivery for lane in list(self.lanes.values()) for delivery in lane.left()]

    # --- running ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self.loop, self.thread = asyncio.get_running_loop(), threading.get_ident()
        self.post = Post(self._letter, self._settled, self.world.clock.now, self.anywhere)
        backlog, self.backlog = self.backlog, []
        for delivery in backlog:
            self._to_lane(delivery)

    async def stop(self) -> None:
        """Stops sending; what was not delivered waits in the backlog."""
        if self.post is None:
            return
        left = [delivery for lane in self.lanes.values() for delivery in lane.left()]
        for lane in self.lanes.values():
            await lane.stop()
        await self.post.client.aclose()
        self.loop, self.lanes, self.backlog, self.post = None, {}, self.backlog + left, None

    def _from_any_thread(self, act: Any) -> None:
        if self.loop is None:
            return
        if threading.get_ident() == self.thread:
            act()
        else:
            self.loop.call_soon_threadsafe(act)

    def _wake(self) -> None:
        for lane in self.lanes.values():
            lane.wake.set()

    def _to_lane(self, delivery: Delivery) -> None:
        if self.post is None:
            self.backlog.append(delivery)
            return
        lane = self.lanes.get(delivery.endpoint)
        if lane is None:
            lane = Lane(delivery.endpoint, self.post, self.world.clock.precise, self.width)
            self.lanes[delivery.endpoint] = lane
        lane.put(delivery)

    # --- what a delivery asks back ---------------------------------------------------------------------------------

    def _letter(self, delivery: Delivery) -> Letter | None:
        endpoint, shown = self.endpoints.get(delivery.endpoint), self.shown(delivery.endpoint)
        if endpoint and shown and shown["status"] == "enabled" and delivery.event in self.texts:
            text = self.texts[delivery.event]
            return Letter(shown["url"], text, sign(text, endpoint.secrets, int(time.time())))
        teller = self.world.accounts.get(delivery.account)
        record = teller.objects(delivery.livemode).record("event", delivery.event) if teller else None
        if endpoint is None or shown is None or shown["status"] != "enabled" or record is None:
            return None
        event = {name: value for name, value in record.obj.items() if not name.startswith("_")}
        owner = self.world.accounts.get(endpoint.account)
        event["api_version"] = shown.get("api_version") or (owner.api_version if owner else event["api_version"])
        if endpoint.connect:
            event.setdefault("account", delivery.account)
        body = orjson.dumps(event, option=orjson.OPT_INDENT_2)
        # Receivers compare the timestamp with their own clock, so it is real time whatever the virtual clock says.
        return Letter(shown["url"], body, sign(body, endpoint.secrets, int(time.time())))

    def _settled(self, delivery: Delivery, ok: bool, status: int | None) -> None:
        if ok:
            if self.undelivered.pop((delivery.event, delivery.endpoint), None):
                self._heard(delivery)
            return
        if delivery.attempt > len(self.schedule):
            return
        wait = self.schedule[delivery.attempt - 1] * self.jitter.uniform(0.9, 1.1)
        due = self.world.clock.precise() + wait
        self._to_lane(
            Delivery(delivery.event, delivery.endpoint, delivery.account, delivery.livemode, due, delivery.attempt + 1)
        )

    def _heard(self, delivery: Delivery) -> None:
        account = self.world.accounts.get(delivery.account)
        store = account.objects(delivery.livemode) if account else None
        record = store.record("event", delivery.event) if store else None
        if store and record:
            record.obj["pending_webhooks"] = max(record.obj["pending_webhooks"] - 1, 0)
            store.settle(record)

    # --- on disk ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        return {
            "endpoints": {id: asdict(endpoint) for id, endpoint in self.endpoints.items()},
            "waiting": [asdict(delivery) for delivery in self.waiting()],
            "undelivered": [list(pair) for pair in self.undelivered],
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.endpoints = {id: Endpoint(**row) for id, row in state["endpoints"].items()}
        self.backlog = [Delivery(**row) for row in state["waiting"]]
        self.undelivered = {(event, endpoint): True for event, endpoint in state["undelivered"]}

    def state(self) -> dict[str, Any]:
        return {
            "waiting": len(self.waiting()),
            "undelivered": len(self.undelivered),
            "attempts": len(self.post.attempts) if self.post else 0,
            "schedule_seconds": list(self.schedule),
            "chaos": self.chaos.state(),
        }
