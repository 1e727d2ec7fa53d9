"""Runs the probes of the permission table against Stripe: in parallel, counted, changing nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from tillwright.domains.verification.permissions import PERMISSIONS, Permission
from tillwright.domains.verification.report import Finding, State, finding_of
from tillwright.domains.verification.verdict import Verdict, judge
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.answer import Answer
from tillwright.gateways.stripe.errors import PermissionMissing, StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import StripeWriter
from tillwright.kit import ids
from tillwright.kit.clock import Clock

MOST_REQUESTS = 40
_ENDPOINTS = next(row for row in PERMISSIONS if row.right == "webhook_write")


@dataclass
class Probed:
    """What the probes saw. `answers` are those of reads that succeeded, by permission."""

    findings: list[Finding] = field(default_factory=list[Finding])
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    requests: int = 0
    dead: StripeFailure | None = None
    account_named: str | None = None
    round_trips: list[float] = field(default_factory=list[float])
    skews: list[float] = field(default_factory=list[float])


class Prober:
    """`deadline` is in seconds, for each probe, its turn in the rate budget included."""

    def __init__(self, reader: StripeReader, writer: StripeWriter, clock: Clock, *, deadline: float = 10.0) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._deadline = deadline

    async def run(self, access: Access, *, restricted: bool, thorough: bool = False) -> Probed:
        """Probes every row that applies. Writes are aimed at what cannot exist, reads fetch one row.

        Args:
            thorough: ask about reading too wherever writing is not proven, however many requests that takes.
        """
        probed = Probed()
        access = replace(access, quiet=True, spare=None)
        rows = [row for row in PERMISSIONS if applies(row, access.livemode, restricted)]
        probable = [row for row in rows if row.read or row.write]
        verdicts = dict(
            zip(
                (row.right for row in probable),
                await asyncio.gather(*(self._decide(probed, access, row) for row in probable)),
                strict=True,
            )
        )
        # Where writing is refused, reading may be allowed: say so, as far as the number of requests goes.
        if verdicts["webhook_write"] == "granted":
            await self._read(probed, access, _ENDPOINTS)
        doubtful = [
            row for row in probable if row.write and row.read and verdicts[row.right] in ("missing", "unproven")
        ]
        most = len(doubtful) if thorough else MOST_REQUESTS - probed.requests
        room = most if probed.dead is None else 0
        readable = dict(
            zip(
                (row.right for row in doubtful[:room]),
                await asyncio.gather(*(self._read(probed, access, row) for row in doubtful[:room])),
                strict=True,
            )
        )
        # In the order of the table, whatever order the answers came in.
        probed.findings = [_finding(row, verdicts.get(row.right), readable.get(row.right)) for row in rows]
        return probed

    async def _decide(self, probed: Probed, access: Access, row: Permission) -> Verdict:
        return await (self._write(probed, access, row) if row.write else self._read(probed, access, row))

    async def _read(self, probed: Probed, access: Access, row: Permission) -> Verdict:
        path, _, query = row.read.partition("?")
        params: dict[str, Any] = dict(parse_qsl(query))
        started = self._begin(probed)
        try:
            outcome: Answer | StripeFailure = await self._reader.get(access, path, params, deadline=self._deadline)
        except StripeFailure as failure:
            outcome = failure
        self._note(probed, outcome, started)
        if isinstance(outcome, Answer):
            probed.answers[row.right] = outcome
        return judge(outcome, write=False)

    async def _write(self, probed: Probed, access: Access, row: Permission) -> Verdict:
        started = self._begin(probed)
        try:
            # A key of its own each time: a stored answer would tell of the permissions of another day.
            outcome: Answer | StripeFailure = await self._writer.send(
                access, "POST", row.write, {}, ids.new("probe"), deadline=self._deadline
            )
        except StripeFailure as failure:
            outcome = failure
        self._note(probed, outcome, started)
        return judge(outcome, write=True)

    def _begin(self, probed: Probed) -> tuple[float, datetime]:
        probed.requests += 1
        return self._clock.monotonic(), self._clock.now()

    def _note(self, probed: Probed, outcome: Answer | StripeFailure, started: tuple[float, datetime]) -> None:
        if isinstance(outcome, Answer):
            took = self._clock.monotonic() - started[0]
            probed.round_trips.append(took)
            if outcome.server_time:
                # Stripe's time has whole seconds: half a second is the best guess of the rest.
                probed.skews.append((self._clock.now() - outcome.server_time).total_seconds() - 0.5 - took / 2)
            return
        if isinstance(outcome, PermissionMissing) and outcome.account:
            probed.account_named = outcome.account
        if judge(outcome, write=False) == "dead":
            probed.dead = probed.dead or outcome


def applies(row: Permission, livemode: bool, restricted: bool) -> bool:
    """Whether the row says anything of such a key: test clocks need test mode, and a full key has every right."""
    return not (row.test_mode_only and livemode) and (restricted or row.use != "excess")


def _finding(row: Permission, verdict: Verdict | None, readable: Verdict | None) -> Finding:
    if verdict is None:
        return finding_of(row, "absent", note="Stripe has withdrawn this resource: it cannot be verified.")
    if row.use == "excess":
        return finding_of(row, "excess" if verdict == "granted" else "ok", has="write" if verdict == "granted" else "")
    if verdict == "granted":
        return finding_of(row, "ok", has="write" if row.write else "read")
    if verdict == "missing":
        has = "" if readable is None else "read" if readable == "granted" else "none"
        note = "Reading is allowed, writing is not." if has == "read" else ""
        return finding_of(row, "missing", has=has, note=note)
    if verdict == "unproven":
        has = "read" if readable == "granted" else ""
        return finding_of(row, "unproven", has=has, note="Stripe's answer proves neither that it is granted nor not.")
    if verdict == "absent":
        return finding_of(row, "absent", note="Not offered to this account, API version or kind of key.")
    state: State = "unknown"
    note = "Stripe no longer accepts the key." if verdict == "dead" else "Stripe gave no answer that says."
    return finding_of(row, state, note=note)
