"""`tillwright verify`: the same VERIFY as the console's button, for scripts; of saved keys, or of keys to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tillwright.domains.tenancy import Principal
from tillwright.domains.verification import Report
from tillwright.doors.cli.asking import ask_secret
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import open_house

_MARKS = {
    "ok": "[green]✓[/green]",
    "missing": "[red]✗[/red]",
    "unknown": "[red]?[/red]",
    "excess": "[yellow]![/yellow]",
    "unproven": "[yellow]~[/yellow]",
    "absent": "[dim]-[/dim]",
}
NAME = "tillwright verify"


def run(
    organisation: Organisation = None,
    public_key: Annotated[
        str | None,
        typer.Option("--public-key", help="Look at this key and a secret one you are asked for."),
    ] = None,
    history: Annotated[int, typer.Option(min=0, max=200, help="Show so many earlier reports; verify nothing.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Probe every right of the connected key, with requests that change nothing; exit 1 unless VERIFIED."""
    if history:
        _show_history(asyncio.run(_history(organisation, history)), as_json=as_json)
        return
    if public_key is None:
        report = asyncio.run(_verify(organisation))
    else:
        report = asyncio.run(_examine(organisation, public_key, ask_secret("Secret key")))
    if as_json:
        print(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        show(report)
    if not report.verified:
        raise typer.Exit(1)


async def _verify(organisation: str | None) -> Report:
    async with open_house(read()) as house:
        return await house.verification.verify(Principal.system(await chosen(house, organisation), NAME))


async def _examine(organisation: str | None, public_key: str, secret_key: Secret) -> Report:
    async with open_house(read()) as house:
        principal = Principal.system(await chosen(house, organisation), NAME)
        _, report = await house.verification.examine(principal, publishable_key=public_key, secret_key=secret_key)
        return report


async def _history(organisation: str | None, limit: int) -> Sequence[Report]:
    async with open_house(read()) as house:
        return await house.verification.history(await chosen(house, organisation), limit=limit)


def _show_history(reports: Sequence[Report], *, as_json: bool) -> None:
    if as_json:
        print(orjson.dumps([report.as_json() for report in reports], option=orjson.OPT_INDENT_2).decode())
        return
    for report in reports:
        print(f"{report.at:%Y-%m-%d %H:%M:%S} UTC  {report.outcome}  {report.by}")
        for said in (*report.reasons, *report.changes):
            print(f"  {said}")


def show(report: Report) -> None:
    """The account, every permission, the outcome, and what changed since the last report."""
    console = Console(highlight=False)
    account = report.account
    console.print(
        f"{account.name or '(no name)'}  {account.id or '(account unknown)'}  {report.mode} mode\n", markup=False
    )
    for finding in report.findings:
        tail = "" if finding.state == "ok" else f"  {finding.state}: {finding.note or finding.loses}"
        console.print(f"{_MARKS[finding.state]} {finding.dashboard} [dim]{finding.right}[/dim]{tail}", soft_wrap=True)
    if facts := _facts(report):
        console.print("\n" + ", ".join(facts), markup=False, soft_wrap=True, style="dim")
    console.print(f"\n[bold]{report.outcome}[/bold]  {report.requests} requests, {report.duration_ms} ms")
    for sentence in (*report.reasons, *report.advice, *(f"Since the last one: {line}" for line in report.changes)):
        console.print(f"  {sentence}", markup=False, soft_wrap=True)


def _facts(report: Report) -> list[str]:
    """What was seen besides the permissions; a mail server has none of it."""
    account = report.account
    found = [account.country or "", (account.currency or "").upper()]
    if report.endpoint:
        found.append(f"webhook endpoint {report.endpoint}")
    if report.round_trip_ms is not None:
        found.append(f"round trip {report.round_trip_ms} ms")
    if report.clock_skew_seconds is not None:
        found.append(f"our clock {report.clock_skew_seconds:+.1f} s against Stripe's")
    found += [f"{name} {state}" for name, state in account.capabilities.items()]
    return [fact for fact in (*found, f"API {report.api_version}" if report.api_version else "") if fact]
