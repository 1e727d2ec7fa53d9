"""`tillwright verify`: the same VERIFY as the console's button, for scripts and schedules."""

from __future__ import annotations

import asyncio

import orjson
import typer
from rich.console import Console

from tillwright.domains.tenancy import Principal
from tillwright.domains.verification import Report
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
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


def run(
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Probe every right of the connected key, with requests that change nothing; exit 1 unless VERIFIED."""
    report = asyncio.run(_verify(organisation))
    if as_json:
        print(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(report)
    if not report.verified:
        raise typer.Exit(1)


async def _verify(organisation: str | None) -> Report:
    async with open_house(read()) as house:
        return await house.verification.verify(Principal.system(await chosen(house, organisation), "tillwright verify"))


def _show(report: Report) -> None:
    console = Console(highlight=False)
    account = report.account
    console.print(
        f"{account.name or '(no name)'}  {account.id or '(account unknown)'}  {report.mode} mode\n", markup=False
    )
    for finding in report.findings:
        tail = "" if finding.state == "ok" else f"  {finding.state}: {finding.note or finding.loses}"
        console.print(f"{_MARKS[finding.state]} {finding.dashboard} [dim]{finding.right}[/dim]{tail}", soft_wrap=True)
    console.print(f"\n[bold]{report.outcome}[/bold]  {report.requests} requests, {report.duration_ms} ms")
    for sentence in (*report.reasons, *report.advice):
        console.print(f"  {sentence}", markup=False, soft_wrap=True)
