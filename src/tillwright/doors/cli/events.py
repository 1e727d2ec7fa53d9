"""`tillwright events`: what Stripe told us, as it was received and is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
import typer

from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks import StripeEvent
from tillwright.domains.webhooks.archive import LARGEST_PAGE, Asked
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_rows, print_table
from tillwright.wiring import House

app = typer.Typer(help="Stripe's events as they were received.", no_args_is_help=True)
_BY = "tillwright events"
_FORMS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


@app.command(name="list")
def list_(
    event_type: Annotated[
        str | None, typer.Option("--type", help="May hold *, as in 'invoice.*'.", metavar="TYPE")
    ] = None,
    object_id: Annotated[
        str | None, typer.Option("--object", help="About this object; of a customer, what belongs to it too.")
    ] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=_FORMS, help="When they happened, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", formats=_FORMS, help="Before then, UTC.")] = None,
    mode: Annotated[Literal["test", "live"] | None, typer.Option(help="The connected one if left out.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Print events, the newest arrival first; with a time, by when they happened."""
    livemode = None if mode is None else mode == "live"
    asked = Asked(event_type, object_id, _utc(since), _utc(until), livemode)

    async def look(house: House, caller: Principal) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor = None
        while len(rows) < limit:
            most = min(LARGEST_PAGE, limit - len(rows))
            page = await house.webhooks.archive.list(caller, asked, cursor=cursor, limit=most)
            rows += [_row(event) for event in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        return rows

    print_table(in_house(organisation, look, by=_BY), as_json, ("id", "type", "object", "happened", "outcome"))


@app.command()
def show(
    event: Annotated[str, typer.Argument(metavar="ID", help="Such as evt_1Example.")],
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Print one event: what it did here, and all that Stripe sent."""

    async def look(house: House, caller: Principal) -> list[dict[str, Any]]:
        found = await house.webhooks.archive.get(caller, event)
        return [_row(found) | {"stripeEvent": orjson.loads(found.raw)}]

    print_rows(in_house(organisation, look, by=_BY), as_json, _told)


def _row(event: StripeEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "object": event.object_id,
        "objectType": event.object_type,
        "mode": "live" if event.livemode else "test",
        "happened": event.created.isoformat(),
        "received": event.received.isoformat(),
        "applied": event.applied and event.applied.isoformat(),
        "outcome": event.outcome and str(event.outcome),
        "error": event.error,
    }


def _told(row: dict[str, Any]) -> str:
    lines = [f"{name}: {value}" for name, value in row.items() if value is not None and name != "stripeEvent"]
    return "\n".join([*lines, "", orjson.dumps(row["stripeEvent"], option=orjson.OPT_INDENT_2).decode()])


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)
