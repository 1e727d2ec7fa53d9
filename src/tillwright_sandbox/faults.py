"""Faults by script: what goes wrong, for which request, how often; drawn from a seeded die, so a run can be repeated.

A rule names the requests it meets (method, path with *, operation, the n-th match, a probability, how many times) and
what happens then:

| kind | the caller sees | the effect |
|---|---|---|
| status | `status` with `body` (Stripe's error shape when left out) and `headers` | `effect`: none (default) or done |
| stored | the same, and idempotency keeps it as the first answer | none or done |
| delay | the real answer, `seconds` later | done |
| hang | nothing until `seconds` are over, then the connection is reset | none or done |
| reset | the connection reset | none or done |
| cut | the first half of the real answer, then the connection is closed | done |
| html | `status` with an HTML page, as a proxy between would answer | none or done |
"""

import fnmatch
import random
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

KINDS = ("status", "stored", "delay", "hang", "reset", "cut", "html")
EFFECTS = ("none", "done")
HTML = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    "<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n"
)


@dataclass(slots=True)
class Rule:
    kind: str
    method: str = "*"
    path: str = "*"
    operation: str = "*"
    key_kind: str = "*"
    nth: list[int] = field(default_factory=list[int])
    probability: float = 1.0
    times: int | None = None
    status: int = 500
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    seconds: float = 0.0
    effect: str = "none"
    id: str = ""
    matched: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {self.kind!r}.")
        if self.effect not in EFFECTS:
            raise ValueError(f"effect must be none or done; got {self.effect!r}.")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability must lie between 0 and 1.")
        if self.kind in ("delay", "cut"):
            self.effect = "done"

    def meets(self, method: str, path: str, operation: str, key_kind: str) -> bool:
        return (
            fnmatch.fnmatchcase(method, self.method.upper())
            and fnmatch.fnmatchcase(path, self.path)
            and fnmatch.fnmatchcase(operation, self.operation)
            and fnmatch.fnmatchcase(key_kind, self.key_kind)
        )

    def answer(self) -> tuple[int, bytes, dict[str, str]]:
        """(status, body, headers) of the kinds that make up an answer of their own."""
        if self.kind == "html":
            page = self.body if isinstance(self.body, str) else HTML
            return self.status, page.encode(), {"Content-Type": "text/html", **self.headers}
        if isinstance(self.body, str):
            return self.status, self.body.encode(), {"Content-Type": "application/json", **self.headers}
        body = self.body if self.body is not None else error_body(self.status)
        retry = {"Stripe-Should-Retry": "true"} if self.status in (409, 429) else {}
        headers = {"Content-Type": "application/json", **retry, **self.headers}
        return self.status, orjson.dumps(body, option=orjson.OPT_INDENT_2), headers


def error_body(status: int) -> dict[str, Any]:
    """Stripe's own words for an error it gives without looking at the request."""
    if status == 429:
        text = (
            "This object cannot be accessed right now because another API request or Stripe process is currently "
            "accessing it. If you see this error intermittently, retry the request. If you see this error frequently "
            "and are making multiple concurrent requests to a single object, make your requests serially or at a "
            "lower rate. For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts."
        )
        return {"error": {"type": "invalid_request_error", "code": "lock_timeout", "message": text}}
    if status == 409:
        text = "There is currently another in-progress request using this Idempotent Key. Please try again later."
        return {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": text}}
    if status == 402:
        return {
            "error": {
                "type": "card_error",
                "code": "card_declined",
                "decline_code": "generic_decline",
                "message": "Your card was declined.",
            }
        }
    if status >= 500:
        text = "An unknown error occurred. If this persists, contact support at https://support.stripe.com/."
        return {"error": {"type": "api_error", "message": text}}
    return {"error": {"type": "invalid_request_error", "message": f"A scripted answer of status {status}."}}


class Faults:
    """The rules in force. The first that meets a request and whose die falls so takes effect on it."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.dice = random.Random(seed)
        self.rules: list[Rule] = []
        self.latency = 0.0
        self.count = 0

    def add(self, **settings: Any) -> Rule:
        self.count += 1
        try:
            rule = Rule(**settings)
        except TypeError as error:
            raise ValueError(f"unknown setting of a fault: {error}") from error
        rule.id = rule.id or f"fault_{self.count}"
        self.rules.append(rule)
        return rule

    def pick(self, method: str, path: str, operation: str, key_kind: str) -> Rule | None:
        """The fault this request meets, if any. Counts every match, so that `nth` is the n-th matching request."""
        chosen: Rule | None = None
        for rule in self.rules:
            if not rule.meets(method, path, operation, key_kind):
                continue
            rule.matched += 1
            if chosen is not None or (rule.times is not None and rule.fired >= rule.times):
                continue
            if rule.nth and rule.matched not in rule.nth:
                continue
            if rule.probability < 1 and self.dice.random() >= rule.probability:
                continue
            rule.fired += 1
            chosen = rule
        return chosen

    def reseed(self, seed: int) -> None:
        self.seed = seed
        self.dice = random.Random(seed)

    def clear(self) -> None:
        self.rules.clear()
        self.latency = 0.0

    def state(self) -> dict[str, Any]:
        return {"seed": self.seed, "latency": self.latency, "rules": [asdict(rule) for rule in self.rules]}
