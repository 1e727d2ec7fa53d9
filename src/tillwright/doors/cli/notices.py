"""`tillwright notices`: what would be sent before entitlements end or renew, and what renews soon; writes nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from tillwright.domains.entitlements import Choices, Coming, ComingRenewal, NextRenewal
from tillwright.domains.entitlements.cancellation import time_of
from tillwright.domains.entitlements.changes import rfc3339
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.settings import read
from tillwright.wiring import House, open_house

MOST = 100_000
"""Renewals that are listed at once."""
app = typer.Typer(help="The notices that go out before entitlements end or renew.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The notices that go out before entitlements end or renew."""


@app.command()
def due(
    at: Annotated[str | None, typer.Option(help="A date or a time, e.g. 2027-01-15; now if left out.")] = None,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """What a sweep at that time would send, as far as is known now, and why. Sends and writes nothing."""
    found = asyncio.run(_due(at, organisation))
    if as_json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        show(found)


@app.command()
def renewals(
    days: Annotated[int, typer.Option(help="How many days ahead.")] = 30,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """What renews by itself soon, and when the notice before it went out or will. Sends and writes nothing."""
    found = asyncio.run(_renewals(days, organisation))
    if as_json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    for row in found:
        print(f"{_days(row['daysLeft']):>8}  {row['renewTime'][:10]}  {row['name']} for {row['buyer'] or 'nobody'}")
        print(f"          {row['notice']}")
    print(f"\n{len(found)} renew in {_days(days)}." if found else f"Nothing renews in {_days(days)}.")


async def _renewals(days: int, organisation: str | None) -> list[dict[str, Any]]:
    async with open_house(read()) as house:
        return await coming(house, await chosen(house, organisation), days)


async def coming(house: House, organisation_id: str, days: int) -> list[dict[str, Any]]:
    """What renews, as data."""
    principal = Principal.system(organisation_id, "tillwright notices")
    found, _ = await house.entitlements.renewals.coming(principal, days=days, limit=MOST)
    return [
        {
            "entitlementId": one.entitlement.id,
            "name": one.entitlement.name,
            "buyer": one.entitlement.buyer_name or one.entitlement.buyer_id,
            "renewTime": rfc3339(one.renews),
            "daysLeft": one.days_left,
            "noticeSent": rfc3339(one.told.at) if one.told else None,
            "noticeDue": rfc3339(one.notice.at) if one.notice else None,
            "notice": _turn_of(one),
        }
        for one in found
    ]


def _turn_of(one: NextRenewal) -> str:
    if one.told:
        return f"its notice went out at {rfc3339(one.told.at)}"
    return f"its notice goes out at {rfc3339(one.notice.at)}" if one.notice else "no notice: they are off"


async def _due(at: str | None, organisation: str | None) -> dict[str, Any]:
    moment = time_of(at, "--at") if at is not None else None
    async with open_house(read()) as house:
        return await answer(house, await chosen(house, organisation), moment or house.clock.now())


async def answer(house: House, organisation_id: str, at: datetime) -> dict[str, Any]:
    """The answer as data."""
    principal = Principal.system(organisation_id, "tillwright notices")
    choices = await house.entitlements.choices(principal)
    would = await house.entitlements.would_send(principal, at)
    renewals = await house.entitlements.would_tell_renewals(principal, at)
    return {
        "at": rfc3339(at),
        "connected": choices.livemode is not None,
        "on": choices.on,
        "days": choices.days,
        "timeZone": choices.zone_name,
        "notices": [_row(coming, choices) for coming in would],
        "renewalsOn": choices.renewals,
        "renewalDays": choices.renewal_days,
        "renewals": [_renewal(coming, choices) for coming in renewals],
    }


def _row(coming: Coming, choices: Choices) -> dict[str, Any]:
    entitlement, notice = coming.entitlement, coming.notice
    return {
        "entitlementId": entitlement.id,
        "name": entitlement.name,
        "buyer": entitlement.buyer_name or entitlement.buyer_id,
        "endTime": rfc3339(entitlement.end),
        "offset": notice.offset,
        "daysLeft": notice.days_left,
        "initial": notice.initial,
        "due": rfc3339(notice.at),
        "sent": list(coming.sent),
        "why": _why(coming, choices),
    }


def _renewal(coming: ComingRenewal, choices: Choices) -> dict[str, Any]:
    entitlement, notice = coming.entitlement, coming.notice
    turn = f"{notice.at.astimezone(choices.zone):%Y-%m-%d %H:%M}"
    return {
        "entitlementId": entitlement.id,
        "name": entitlement.name,
        "buyer": entitlement.buyer_name or entitlement.buyer_id,
        "renewTime": rfc3339(notice.renews),
        "daysLeft": notice.days_left,
        "due": rfc3339(notice.at),
        "why": f"{_days(choices.renewal_days)} before the renewal, due {turn} ({choices.zone_name}); once a period",
    }


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _why(coming: Coming, choices: Choices) -> str:
    entitlement, notice = coming.entitlement, coming.notice
    days = entitlement.notice_days or choices.days
    own = "its own" if entitlement.notice_days else "the integration's"
    since = f"after {', '.join(map(str, coming.sent))}" if coming.sent else "the first"
    turn = f"{notice.at.astimezone(choices.zone):%Y-%m-%d %H:%M}"
    before = f"{_days(notice.offset)} before the end"
    return f"{own} {days} days; {before}, due {turn} ({choices.zone_name}); {since}"


def show(found: dict[str, Any]) -> None:
    """For a person, what `answer` found."""
    console = Console(highlight=False)
    if not found["connected"]:
        console.print("Stripe is not connected, so nothing would be sent.")
        return
    console.print(f"At {found['at']}, {found['timeZone']}.", markup=False)
    ends = f"on, from {_days(found['days'])}" if found["on"] else "off (an entitlement may have its own switch)"
    renews = f"on, {_days(found['renewalDays'])}" if found["renewalsOn"] else "off"
    console.print(f"Notices before an end: {ends}. Before a renewal: {renews}.\n", markup=False)
    for row in found["notices"]:
        first = "first notice" if row["initial"] else "reminder"
        _line(console, row, first, f"ends {row['endTime']}")
    for row in found["renewals"]:
        _line(console, row, "renewal", f"renews {row['renewTime']}")
    count = len(found["notices"]) + len(found["renewals"])
    console.print(f"\n{count} would be sent." if count else "Nothing would be sent.")


def _line(console: Console, row: dict[str, Any], kind: str, when: str) -> None:
    console.print(f"[bold]{_days(row['daysLeft']):>8}[/bold]  {kind:<12}  ", end="")
    console.print(f"{row['name']} for {row['buyer'] or 'nobody'}, {when}", markup=False, soft_wrap=True)
    console.print(f"          {row['why']}", markup=False, style="dim", soft_wrap=True)
