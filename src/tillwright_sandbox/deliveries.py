"""Delivering signed events over real HTTP: a lane for each endpoint, growing waits, every attempt noted."""

import asyncio
import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

# Waits before each retry, in seconds of the virtual clock: growing, over three days, as Stripe's live mode does.
SLOW = (5 * 60, 30 * 60, 3600, 2 * 3600, 5 * 3600, *([10 * 3600] * 6))
FAST = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


@dataclass(slots=True)
class Delivery:
    """One event on its way to one endpoint. `due` is a moment of the virtual clock."""

    event: str
    endpoint: str
    account: str
    livemode: bool
    due: float
    attempt: int = 1


@dataclass(slots=True)
class Attempt:
    """What one try came to; `status` None means that no answer came, then `error` says why."""

    event: str
    endpoint: str
    at: int
    attempt: int
    status: int | None
    error: str | None
    ms: int


@dataclass(slots=True)
class Letter:
    """What is put on the wire for a delivery, made at the moment of sending."""

    url: str
    body: bytes
    signature: str


class Lane:
    """One endpoint's queue: deliveries by due time, up to `width` at once, so that one slow event holds up no other."""

    def __init__(self, endpoint: str, post: "Post", now: Callable[[], float], width: int) -> None:
        self.endpoint = endpoint
        self.post = post
        self.now = now
        self.waiting: list[tuple[float, int, Delivery]] = []
        self.order = itertools.count()
        self.under_way: dict[asyncio.Task[None], Delivery] = {}
        self.width = width
        self.wake = asyncio.Event()
        self.task = asyncio.create_task(self.run(), name=f"lane {endpoint}")

    def put(self, delivery: Delivery) -> None:
        heapq.heappush(self.waiting, (delivery.due, next(self.order), delivery))
        self.wake.set()

    async def run(self) -> None:
        while True:
            self.wake.clear()
            while self.waiting and len(self.under_way) < self.width and self.waiting[0][0] <= self.now():
                delivery = heapq.heappop(self.waiting)[2]
                task = asyncio.create_task(self.post(delivery))
                self.under_way[task] = delivery
                task.add_done_callback(self._done)
            wait = None
            if self.waiting and len(self.under_way) < self.width:
                wait = max(self.waiting[0][0] - self.now(), 0.001)
            try:
                async with asyncio.timeout(None if wait is None else min(wait, 3600)):
                    await self.wake.wait()
            except TimeoutError:
                continue

    def _done(self, task: asyncio.Task[None]) -> None:
        self.under_way.pop(task, None)
        self.wake.set()

    def left(self) -> list[Delivery]:
        return [row[2] for row in self.waiting] + list(self.under_way.values())

    async def stop(self) -> None:
        tasks = [self.task, *self.under_way]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Post:
    """Sends one delivery and tells what it came to. Callers give the letter and hear of the outcome by `settled`."""

    def __init__(
        self,
        letter: Callable[[Delivery], Letter | None],
        settled: Callable[[Delivery, bool, int | None], None],
        now: Callable[[], int],
        anywhere: bool,
    ) -> None:
        self.letter, self.settled, self.now = letter, settled, now
        self.anywhere = anywhere
        self.attempts: deque[Attempt] = deque(maxlen=100_000)
        self.client = httpx.AsyncClient(
            follow_redirects=False,
            timeout=httpx.Timeout(20.0),
            trust_env=False,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        )

    async def __call__(self, delivery: Delivery) -> None:
        letter = self.letter(delivery)
        if letter is None:  # endpoint deleted or disabled, or the event is gone: nothing is sent any more
            return
        start = time.perf_counter()
        status, error = None, None
        if not self.anywhere and urlsplit(letter.url).hostname not in LOOPBACK:
            error = "the sandbox delivers to this machine only (start it with --deliver-anywhere to change that)"
        else:
            try:
                status = await self._send(letter)
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
                error = f"{type(failure).__name__}: {failure}"
        ms = int((time.perf_counter() - start) * 1000)
        self.attempts.append(
            Attempt(delivery.event, delivery.endpoint, self.now(), delivery.attempt, status, error, ms)
        )
        self.settled(delivery, status is not None and 200 <= status < 300, status)

    async def _send(self, letter: Letter) -> int:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": letter.signature,
            "User-Agent": USER_AGENT,
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
        }
        answer = await self.client.post(letter.url, content=letter.body, headers=headers)
        return answer.status_code

    def shown(self, **equal: Any) -> list[dict[str, Any]]:
        rows = (asdict(attempt) for attempt in self.attempts)
        return [row for row in rows if all(row[name] == value for name, value in equal.items())]
