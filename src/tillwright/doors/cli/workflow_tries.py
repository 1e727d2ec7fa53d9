"""`tillwright workflow backtest` and `try`: a definition against what really happened; nothing is sent."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from tillwright.domains.automation.backtest import Report
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_rows, print_table
from tillwright.kit import money
from tillwright.kit.clock import from_unix
from tillwright.kit.errors import Invalid
from tillwright.wiring import House

Definition = Annotated[Path, typer.Argument(help="The definition.", exists=True, dir_okay=False)]


def backtest(
    file: Definition,
    days: Annotated[int, typer.Option(min=1, max=90, help="How far to look back.")] = 7,
    live: Annotated[bool, typer.Option("--live", help="Against live events instead of test ones.")] = False,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Try a definition against what happened in the last days: which runs would start, and what each would send."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        source = file.read_text()
        return [asdict(await house.automation.backtest.run(principal, source, days=days, livemode=live))]

    _show(in_house(organisation, do), as_json)


def with_start(
    file: Definition,
    event: Annotated[
        str | None, typer.Argument(help="What happened: evt_… of Stripe's, or as `--recent` names it.")
    ] = None,
    inputs: Annotated[
        str | None, typer.Option(help="Instead: what would be given at a start, as a JSON object.")
    ] = None,
    object_: Annotated[str | None, typer.Option("--object", help="With inputs: the Stripe object it is about.")] = None,
    as_: Annotated[str | None, typer.Option("--as", help="With inputs: manual, api, or webhook (its body).")] = None,
    recent: Annotated[bool, typer.Option("--recent", help="Show what it would have started on last.")] = False,
    live: Annotated[bool, typer.Option("--live", help="In live mode instead of test mode.")] = False,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Try a definition with one thing that happened, or with given inputs: exactly what its run would send."""
    if (event is not None) + (inputs is not None) + recent != 1:
        raise Invalid("start_ambiguous", "It is tried with one start.", remedy="Give an event, --inputs, or --recent.")
    source, given = file.read_text(), _object(inputs) if inputs is not None else {}

    async def look(house: House, principal: Principal) -> list[dict[str, Any]]:
        found = await house.automation.backtest.newest(principal, source, livemode=live)
        return [
            {"event": one.trigger.stripe_event_id, "type": one.trigger.stripe_event_type,
             "object": one.trigger.object_id, "when": from_unix(one.trigger.created).isoformat()}
            for one in found
        ]  # fmt: skip

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        backtest = house.automation.backtest
        if event is not None:
            return [asdict(await backtest.with_event(principal, source, event))]
        report = await backtest.with_given(principal, source, given, kind=as_, object_id=object_, livemode=live)
        return [asdict(report)]

    if recent:
        print_table(in_house(organisation, look), as_json, ("event", "type", "object", "when"))
    else:
        _show(in_house(organisation, do), as_json)


def _object(text: str) -> dict[str, Any]:
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Invalid("inputs_invalid", "The inputs are no JSON object.", field="--inputs", remedy='Such as {"n": 1}.')
    return given


def _show(rows: list[dict[str, Any]], as_json: bool) -> None:
    print_rows(rows, as_json, _words)


def _words(row: dict[str, Any]) -> str:
    report = Report(**row)
    lines = [f"{report.events} events and times looked at, {report.matched} runs would start."]
    lines += [f"  {times:>6} × {request}" for request, times in report.requests.items()]
    for kind, sums in report.moved.items():
        lines.append(f"  {kind}: " + ", ".join(money.show(amount, currency) for currency, amount in sums.items()))
    if report.unknown_amounts:
        lines.append(f"  {report.unknown_amounts} amounts can't be known before.")
    lines += [f"  {sentence}" for sentence in report.untried]
    return "\n".join([*lines, "Nothing was sent."])
