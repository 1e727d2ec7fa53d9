"""`tillwright integration`: connect, look at, edit, pause, change the key and delete, for scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

import orjson
import typer

from tillwright.domains.environments import Copy, Preview
from tillwright.domains.integrations import PARTNER, SERVICE, Integration
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks import Endpoint
from tillwright.doors.cli import deletion
from tillwright.doors.cli.asking import ask_secret
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.doors.cli.deletion import Confirmed
from tillwright.kit.errors import Invalid
from tillwright.settings import read
from tillwright.wiring import House, open_house

app = typer.Typer(help="The link to Stripe: connect, edit, pause, change the key, delete.", no_args_is_help=True)
NAME = "tillwright integration"
PublicKey = Annotated[str | None, typer.Option("--public-key", help="pk_…; the secret key is asked for.")]

T = TypeVar("T")


@app.command()
def show(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Print the integration as it is stored."""
    _print(_do(organisation, lambda house, caller: house.integrations.get(caller)), as_json)


@app.command()
def connect(public_key: PublicKey = None, organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Check both keys at Stripe and save them; to look without saving use `tillwright verify --public-key`."""
    if public_key is None:
        raise Invalid("key_missing", "The public key is missing.", field="--public-key")
    secret = ask_secret("Secret key")
    _print(
        _do(
            organisation,
            lambda house, caller: house.integrations.connect(caller, publishable_key=public_key, secret_key=secret),
        ),
        as_json,
    )


@app.command(name="set")
def set_(
    organisation: Organisation = None,
    days: Annotated[int | None, typer.Option(help="Days before an entitlement's end, 10 to 60.")] = None,
    end_soon: Annotated[bool | None, typer.Option("--end-soon/--no-end-soon", help="End-soon notices.")] = None,
    renewal_days: Annotated[int | None, typer.Option(help="Days before a renewal, 1 to 60.")] = None,
    renew_soon: Annotated[
        bool | None, typer.Option("--renew-soon/--no-renew-soon", help="One notice before each renewal.")
    ] = None,
    display_name: Annotated[str | None, typer.Option(help="What users see.")] = None,
    client_id: Annotated[str | None, typer.Option(help="Connect client id, ca_….")] = None,
    version: Annotated[int | None, typer.Option(help="Refuse if it is another version by now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change settings; what is left out stays."""
    given = {
        "days_before_entitlement_end": days,
        "enable_entitlement_end_soon_notification": end_soon,
        "days_before_entitlement_renewal": renewal_days,
        "enable_entitlement_renew_soon_notification": renew_soon,
        "display_name": display_name,
        "connect_client_id": client_id,
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    _print(_do(organisation, lambda house, caller: _update(house, caller, wanted, version)), as_json)


@app.command()
def pause(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Make no call with the key until `resume`; events are still kept, workflows wait."""
    _print(_do(organisation, lambda house, caller: _update(house, caller, {"paused": True}, None)), as_json)


@app.command()
def resume(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Let what waited go on."""
    _print(_do(organisation, lambda house, caller: _update(house, caller, {"paused": False}, None)), as_json)


@app.command()
def rotate(public_key: PublicKey = None, organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Put a new secret key in place once it is proven as good; the present one stays good for 24 hours."""
    secret = ask_secret("New secret key")

    async def change(house: House, caller: Principal) -> Integration:
        current = await house.integrations.get(caller)
        return await house.rotation.rotate(
            caller, expected_version=current.version, publishable_key=public_key, secret_key=secret
        )

    _print(_do(organisation, change), as_json)


@app.command()
def switch(
    public_key: PublicKey = None,
    organisation: Organisation = None,
    yes: Annotated[bool, typer.Option("--yes", help="Switch; without it this only looks.")] = False,
    client_id: Annotated[str, typer.Option(help="The other mode's Connect client id.")] = "",
    as_json: AsJson = False,
) -> None:
    """Look at what a switch between test and live would meet; with --yes, switch."""
    if public_key is None:
        raise Invalid("key_missing", "The public key is missing.", field="--public-key")
    secret = ask_secret("The other side's secret key")

    async def look(house: House, caller: Principal) -> Preview:
        return await house.environments.preview(caller, publishable_key=public_key, secret_key=secret)

    async def change(house: House, caller: Principal) -> Integration:
        current = await house.integrations.get(caller)
        return await house.environments.switch(
            caller,
            expected_version=current.version,
            publishable_key=public_key,
            secret_key=secret,
            connect_client_id=client_id,
        )

    if yes:
        _print(_do(organisation, change), as_json)
        return
    print(orjson.dumps(_do(organisation, look).as_json(), option=orjson.OPT_INDENT_2).decode())


@app.command(name="copy")
def copy_(
    name: Annotated[str, typer.Option(help="The test organisation's name.")],
    administrator: Annotated[str, typer.Option(help="The mail address of a present administrator.")],
    organisation: Organisation = None,
) -> None:
    """Make a test copy of the organisation: settings, workflows (paused), routing; no keys, no data. Prints its id."""

    async def make(house: House, caller: Principal) -> Copy:
        return await house.environments.copy(caller, name, administrator=administrator)

    print(_do(organisation, make).organisation_id)


@app.command()
def endpoint(
    organisation: Organisation = None,
    rotate: Annotated[bool, typer.Option("--rotate", help="Change its signing secret first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the webhook endpoints at Stripe; with --rotate, under other secrets (those before are good for a day)."""

    async def look(house: House, caller: Principal) -> Sequence[Endpoint]:
        if rotate:
            await house.webhooks.rotate_secret(caller)
        own = await house.webhooks.endpoints(caller.organisation_id)
        others = [await house.webhooks.connect_endpoint(caller.organisation_id, livemode=e.livemode) for e in own]
        return [*own, *(each for each in others if each)]

    for found in _do(organisation, look):
        error = found.error or {}
        facts = {
            "hearsOf": "users' accounts" if found.connect else "the account",
            "mode": "live" if found.livemode else "test",
            "state": found.state,
            "stripeId": found.stripe_id,
            "url": found.url,
            "earlierSecretUntil": found.earlier_until.isoformat() if found.earlier_until else None,
            "problem": error.get("sentence"),
            "remedy": error.get("remedy"),
        }
        _show(facts, as_json)


@app.command()
def delete(name: Confirmed = None, organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Delete the integration and everything read by it, for good; without --name this only counts what would go."""
    deletion.run(organisation, PARTNER, SERVICE, name, as_json=as_json, by=NAME)


@app.command()
def receipts(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """What was done when integrations were deleted, newest first, and what is left to do by hand."""
    found = _do(organisation, lambda house, caller: house.removal.receipts(caller, limit))
    if as_json:
        print(orjson.dumps([each.as_json() for each in found], option=orjson.OPT_INDENT_2).decode())
        return
    for receipt in found:
        print(
            f"{receipt.at:%Y-%m-%d %H:%M} UTC  {receipt.partner} {receipt.account_id} ({receipt.mode}) by {receipt.by}"
        )
        deletion.show(receipt)


async def _update(house: House, caller: Principal, wanted: dict[str, Any], version: int | None) -> Integration:
    current = await house.integrations.get(caller)
    return await house.integrations.update(caller, expected_version=version or current.version, settings=wanted)


def _do(organisation: str | None, verb: Callable[[House, Principal], Awaitable[T]]) -> T:
    async def inside() -> T:
        async with open_house(read()) as house:
            return await verb(house, Principal.system(await chosen(house, organisation), NAME))

    return asyncio.run(inside())


def _print(integration: Integration, as_json: bool) -> None:
    settings = integration.settings
    facts = {
        "status": integration.status,
        "mode": integration.mode,
        "account": integration.account_id,
        "name": integration.account_name,
        "publicKey": integration.publishable_key,
        "secretKey": f"…{integration.key_hint} ({integration.key_kind.lower()})",
        "displayName": settings.display_name,
        "connectClientId": settings.connect_client_id,
        "endSoonNotification": settings.enable_entitlement_end_soon_notification,
        "daysBeforeEntitlementEnd": settings.days_before_entitlement_end,
        "renewSoonNotification": settings.enable_entitlement_renew_soon_notification,
        "daysBeforeEntitlementRenewal": settings.days_before_entitlement_renewal,
        "paused": settings.paused,
        "earlierKeysUntil": integration.previous.until.isoformat() if integration.previous else None,
        "version": integration.version,
    }
    _show(facts, as_json)


def _show(facts: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode())
        return
    for fact, value in facts.items():
        if value not in (None, ""):
            print(f"{fact:26}{value}")
