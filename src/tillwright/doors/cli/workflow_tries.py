"""`tillwright workflow backtest` and `try`: a definition against what really happened; nothing is sent."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tillwright.domains.automation.backtest import Report
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_rows
from tillwright.kit import money
from tillwright.wiring import House

Definition = Annotated[Path, typer.Argument(help="The definition.", exists=True, dir_okay=False)]


def backtest(
    file: Definition,
    days: Annotated[int, typer.Option(min=1, max=90, help="How far to look back.")] = 7,
    live: Annotated[bool, typer.Option("--live", help="Against live events instead of test ones.")] = False,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Try a definition against the events of the last days: which runs would start, and what each would send."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        source = file.read_text()
        return [asdict(await house.automation.backtest.run(principal, source, days=days, livemode=live))]

    _show(in_house(organisation, do), as_json)


def with_event(
    file: Definition,
    event: Annotated[str, typer.Argument(help="The id of a stored event, such as evt_….")],
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Try a definition with one stored event: exactly what its run would send."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        return [asdict(await house.automation.backtest.with_event(principal, file.read_text(), event))]

    _show(in_house(organisation, do), as_json)


def _show(rows: list[dict[str, Any]], as_json: bool) -> None:
    print_rows(rows, as_json, _words)


def _words(row: dict[str, Any]) -> str:
    report = Report(**row)
    lines = [f"{report.events} events looked at, {report.matched} runs would start."]
    lines += [f"  {times:>6} × {request}" for request, times in report.requests.items()]
    for kind, sums in report.moved.items():
        lines.append(f"  {kind}: " + ", ".join(money.show(amount, currency) for currency, amount in sums.items()))
    if report.unknown_amounts:
        lines.append(f"  {report.unknown_amounts} amounts can't be known before.")
    return "\n".join([*lines, "Nothing was sent."])
