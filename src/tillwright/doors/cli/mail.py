"""`tillwright mail`: the organisation's own mail server: connect, look at, edit, verify and delete, for scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import orjson
import typer

from tillwright.domains.integrations import Integration
from tillwright.domains.integrations.mail_server import PARTNER, SERVICE
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli import deletion
from tillwright.doors.cli.asking import ask_secret
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.doors.cli.deletion import Confirmed
from tillwright.doors.cli.verify import show as show_report
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import House, open_house

app = typer.Typer(help="The organisation's own mail server: connect, edit, verify, delete.", no_args_is_help=True)
NAME = "tillwright mail"
Host = Annotated[str | None, typer.Option(help="Its name, e.g. smtp.example.com.")]
Port = Annotated[int | None, typer.Option(help="Usually 587 (starttls) or 465 (tls).")]
Tls = Annotated[str | None, typer.Option(help="starttls, tls or none.")]
User = Annotated[str | None, typer.Option(help="Whom to sign in as; the password is asked for. Empty: no sign-in.")]
Sender = Annotated[str | None, typer.Option(help="Name <address> that mails come from.")]

T = TypeVar("T")


@app.command()
def show(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Print the mail server as it is stored; the password is never shown."""
    _print(_do(organisation, lambda house, caller: house.integrations.get(caller, PARTNER, SERVICE)), as_json)


@app.command()
def connect(
    host: Host = None,
    port: Port = 587,
    tls: Tls = "starttls",
    user: User = "",
    sender: Sender = None,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Save a mail server; it is used once `tillwright mail verify` has sent a test message by it."""
    given = {"host": host, "port": port, "tls": tls, "user": user, "sender": sender}
    password = _password() if user else None
    _print(_do(organisation, lambda house, caller: house.mail_servers.connect(caller, given, password)), as_json)


@app.command(name="set")
def set_(
    host: Host = None,
    port: Port = None,
    tls: Tls = None,
    user: User = None,
    sender: Sender = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for another password.")] = False,
    version: Annotated[int | None, typer.Option(help="Refuse if it is another version by now.")] = None,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Change it; what is left out stays. It has to be verified again before it is used."""
    options = {"host": host, "port": port, "tls": tls, "user": user, "sender": sender}
    given = {name: value for name, value in options.items() if value is not None}
    secret = _password() if password else None

    async def change(house: House, caller: Principal) -> Integration:
        current = await house.integrations.get(caller, PARTNER, SERVICE)
        return await house.mail_servers.update(
            caller, expected_version=version or current.version, given=given, password=secret
        )

    _print(_do(organisation, change), as_json)


@app.command()
def verify(
    to: Annotated[str, typer.Option(help="Where the test message goes.")],
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Send a test message by it and print what became of each stage; exit 1 unless VERIFIED."""
    report = _do(organisation, lambda house, caller: house.mail_verification.verify(caller, to))
    if as_json:
        print(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        show_report(report)
    if not report.verified:
        raise typer.Exit(1)


@app.command()
def delete(name: Confirmed = None, organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Leave the mail server for good and shred its password; without --name this only counts what would go."""
    deletion.run(organisation, PARTNER, SERVICE, name, as_json=as_json, by=NAME)


def _password() -> Secret:
    return ask_secret("Password")


def _do(organisation: str | None, verb: Callable[[House, Principal], Awaitable[T]]) -> T:
    async def inside() -> T:
        async with open_house(read()) as house:
            return await verb(house, Principal.system(await chosen(house, organisation), NAME))

    return asyncio.run(inside())


def _print(integration: Integration, as_json: bool) -> None:
    facts: dict[str, Any] = {
        "status": integration.status,
        **integration.details,
        "version": integration.version,
    }
    if as_json:
        print(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode())
        return
    for fact, value in facts.items():
        if value not in (None, ""):
            print(f"{fact:10}{value}")
