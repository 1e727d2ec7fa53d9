"""What a verification found, as data a page can show and two of which can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from tillwright.domains.verification.permissions import Permission

State = Literal["ok", "missing", "excess", "absent", "unknown", "unproven"]
Outcome = Literal["VERIFIED", "NOT_VERIFIED"]


@dataclass(frozen=True)
class Finding:
    """One permission. `right` in Stripe's own name (`rak_…`); `has` is what is granted of it: write, read or none."""

    right: str
    dashboard: str
    state: State
    required: bool
    has: str = ""
    loses: str = ""
    note: str = ""


@dataclass(frozen=True)
class Account:
    """`capabilities` as Stripe names them, to their states."""

    id: str | None = None
    name: str | None = None
    country: str | None = None
    currency: str | None = None
    capabilities: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Report:
    """`reasons` say why it is not verified; `advice` what would be better. Times UTC, durations in milliseconds.

    `clock_skew_seconds`: how far this machine's clock is ahead of Stripe's. `webhook_endpoints`: how many of the
    account's endpoints are enabled and disabled; `endpoint`: ours among them, `enabled`, `disabled` or `none`, None if
    the key may not see it. `changes`: what differs from the report before. `by`: who asked for it.
    """

    outcome: Outcome
    at: datetime
    mode: str
    key_kind: str
    api_version: str
    account: Account
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    requests: int = 0
    duration_ms: int = 0
    round_trip_ms: int | None = None
    clock_skew_seconds: float | None = None
    webhook_endpoints: dict[str, int] | None = None
    changes: tuple[str, ...] = ()
    id: str = ""
    key_hint: str = ""
    endpoint: str | None = None
    by: str = ""
    # Whether Stripe's silence, and nothing it said, is why this is not verified.
    inconclusive: bool = False

    @property
    def verified(self) -> bool:
        return self.outcome == "VERIFIED"

    def by_state(self, state: State) -> list[Finding]:
        return [finding for finding in self.findings if finding.state == state]

    def as_json(self) -> dict[str, Any]:
        """Plain data, names as here."""
        return asdict(self) | {"at": self.at.isoformat()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Report:
        """What `as_json` made."""
        given: dict[str, Any] = dict(data)
        given["at"] = datetime.fromisoformat(data["at"])
        given["account"] = Account(**data["account"])
        given["findings"] = tuple(Finding(**row) for row in data["findings"])
        for name in ("reasons", "advice", "changes"):
            given[name] = tuple(data[name])
        return cls(**given)


def conclude(
    findings: Sequence[Finding],
    *,
    dead: str | None,
    account_id: str | None,
    expected_account: str | None,
    endpoint_lost: str | None = None,
) -> tuple[Outcome, tuple[str, ...]]:
    """(outcome, reasons) from all findings.

    Args:
        dead: what Stripe said of a key it no longer accepts.
        endpoint_lost: what became of our webhook endpoint, if events no longer come.
    """
    if dead:
        return "NOT_VERIFIED", (dead,)
    reasons: list[str] = []
    if expected_account and account_id and account_id != expected_account:
        reasons.append(f"The key belongs to account {account_id}, but {expected_account} was connected.")
    missing = [finding for finding in findings if finding.required and finding.state == "missing"]
    if missing:
        rights = ", ".join(finding.right for finding in missing)
        reasons.append(f"The key lacks {_count(len(missing), 'permission')}: {rights}.")
    if endpoint_lost:
        reasons.append(endpoint_lost)
    unknown = [finding for finding in findings if finding.required and finding.state == "unknown"]
    if unknown and not any(finding.required and finding.state in ("ok", "missing", "unproven") for finding in findings):
        reasons.append("Stripe could not be reached, so nothing could be verified. Try again in a moment.")
    elif unknown:
        rights = ", ".join(finding.right for finding in unknown)
        reasons.append(f"Stripe gave no clear answer on {_count(len(unknown), 'permission')}: {rights}. Verify again.")
    return ("NOT_VERIFIED" if reasons else "VERIFIED"), tuple(reasons)


def silent(findings: Sequence[Finding], reasons: Sequence[str], dead: str | None) -> bool:
    """Whether only answers that did not come stand between this and VERIFIED."""
    unknown = any(finding.required and finding.state == "unknown" for finding in findings)
    return dead is None and unknown and len(reasons) == 1


def lost_endpoint(before: Report | None, state: str | None) -> str | None:
    """What to say of our webhook endpoint if events no longer come by it; None while all is well, or not known."""
    if state == "disabled":
        return "Our webhook endpoint is disabled at Stripe, so no event arrives. It is switched on again by itself."
    if state == "none" and before and before.endpoint in ("enabled", "disabled"):
        return "Our webhook endpoint was deleted at Stripe, so no event arrives. A new one is made by itself."
    return None


def compare(before: Report | None, now: Report) -> tuple[str, ...]:
    """What changed since the last report, a sentence each; reports of two modes are not compared."""
    if before is None or before.mode != now.mode:
        return ()
    said: list[str] = []
    if before.outcome != now.outcome:
        said.append(f"The outcome was {before.outcome}, now {now.outcome}.")
    if before.account.id and now.account.id and before.account.id != now.account.id:
        said.append(f"The account was {before.account.id}, now {now.account.id}.")
    if before.key_hint and before.key_hint != now.key_hint:
        said.append(f"The secret key ended in {before.key_hint}, now in {now.key_hint}.")
    if before.api_version != now.api_version:
        said.append(f"The API version was {before.api_version}, now {now.api_version}.")
    if before.endpoint and now.endpoint and before.endpoint != now.endpoint:
        said.append(f"Our webhook endpoint was {before.endpoint}, now {now.endpoint}.")
    was = {finding.right: finding.state for finding in before.findings}
    said += [
        f"{finding.right} was {was[finding.right]}, now {finding.state}."
        for finding in now.findings
        if finding.right in was and was[finding.right] != finding.state
    ]
    had = before.account.capabilities
    said += [
        f"The capability {name} was {had[name]}, now {state}."
        for name, state in now.account.capabilities.items()
        if name in had and had[name] != state
    ]
    return tuple(said)


def finding_of(permission: Permission, state: State, *, has: str = "", note: str = "") -> Finding:
    """A table row's finding."""
    return Finding(
        right=f"rak_{permission.right}",
        dashboard=permission.dashboard,
        state=state,
        required=permission.use == "required",
        has=has,
        loses=permission.loses if state in ("missing", "excess", "absent") else "",
        note=note,
    )


def _count(number: int, noun: str) -> str:
    return f"one {noun}" if number == 1 else f"{number} {noun}s"
