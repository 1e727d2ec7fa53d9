"""`tillwright doctor`: is this installation fit to run, and if not, what to do."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Annotated

import httpx
import typer
from rich.console import Console

from tillwright.gateways.database import Database
from tillwright.gateways.database.migrate import revision
from tillwright.kit.errors import TillwrightError, Upstream
from tillwright.settings import Settings, read
from tillwright.wiring import owner_url


def run(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Check settings, master key, database, Stripe's address and the mail server; exit 1 if one of them fails."""
    settings = read()
    findings = [_check(name, check, settings) for name, check in CHECKS.items()]
    if as_json:
        print(json.dumps(findings, indent=2))
    else:
        console = Console(highlight=False)
        for finding in findings:
            mark = {"ok": "[green]✓[/green]", "advice": "[yellow]![/yellow]", "failed": "[red]✗[/red]"}[
                finding["state"]
            ]
            console.print(f"{mark} {finding['name']}: {finding['sentence']}", soft_wrap=True)
            if finding["remedy"]:
                console.print(f"  {finding['remedy']}", soft_wrap=True)
    if any(f["state"] == "failed" for f in findings):
        raise typer.Exit(1)


def _check(name: str, check: Callable[[Settings], tuple[str, str, str]], settings: Settings) -> dict[str, str]:
    try:
        state, sentence, remedy = check(settings)
    except TillwrightError as error:
        state, sentence, remedy = "failed", error.sentence, error.remedy or ""
    return {"name": name, "state": state, "sentence": sentence, "remedy": remedy}


def _settings(settings: Settings) -> tuple[str, str, str]:
    return "ok", f"read; the data folder is {settings.data}", ""


def _master_key(settings: Settings) -> tuple[str, str, str]:
    settings.keyring().present()
    if settings.master_key is None:
        return (
            "advice",
            f"in the file {settings.key_file}",
            "Back it up apart from the database, or set TILLWRIGHT_MASTER_KEY.",
        )
    return "ok", "from TILLWRIGHT_MASTER_KEY", ""


def _database(settings: Settings) -> tuple[str, str, str]:
    with owner_url(settings) as url:
        try:
            has, wants = revision(url)
        except Exception as error:
            raise Upstream(
                "database_unreachable",
                f"cannot be reached ({type(error).__name__})",
                remedy="Check TILLWRIGHT_DATABASE_URL and that the server runs.",
            ) from error
        if has != wants:
            return "advice", f"at revision {has or 'none'}, this version wants {wants}", "Run: tillwright migrate"

        async def role() -> str:
            async with Database(url, settings.database.application_url, size=1) as database, database.open() as tx:
                row = await (await tx.execute("select current_user as name")).fetchone()
                return row["name"] if row else ""

        kind = "a server of your own" if settings.database.url else "the embedded server"
        return "ok", f"{kind}, revision {has}, working as {asyncio.run(role())}", ""


def _stripe(settings: Settings) -> tuple[str, str, str]:
    base = settings.stripe.api_base
    try:
        status = httpx.get(f"{base}/v1/balance", timeout=10).status_code
    except httpx.HTTPError as error:
        return "failed", f"{base} cannot be reached ({type(error).__name__})", "Open outgoing HTTPS to Stripe."
    if status != 401:
        return "failed", f"{base} answered {status} where Stripe answers 401", "Check TILLWRIGHT_STRIPE_API_BASE."
    return "ok", f"{base} answers", ""


def _address(settings: Settings) -> tuple[str, str, str]:
    url = settings.web.public_url
    if settings.web.secure:
        return "ok", url, ""
    return "advice", f"{url} is not HTTPS", "A live account's events need TILLWRIGHT_PUBLIC_URL to be an HTTPS address."


def _mail(settings: Settings) -> tuple[str, str, str]:
    where = (settings.mail.host, settings.mail.port)
    try:
        with socket.create_connection(where, timeout=5) as connection:
            connection.settimeout(5)
            # Behind TLS from the first byte there is no greeting in the open.
            greeting = b"220" if settings.mail.tls == "tls" else connection.recv(200)
    except OSError as error:
        return "failed", f"{where[0]}:{where[1]} cannot be reached ({error})", "Set TILLWRIGHT_SMTP_HOST and _PORT."
    if not greeting.startswith(b"220"):
        return "failed", f"{where[0]}:{where[1]} is no mail server", "Set TILLWRIGHT_SMTP_HOST and _PORT."
    return "ok", f"{where[0]}:{where[1]} answers; mails come from {settings.mail.sender}", ""


CHECKS: dict[str, Callable[[Settings], tuple[str, str, str]]] = {
    "settings": _settings,
    "master key": _master_key,
    "database": _database,
    "Stripe": _stripe,
    "public address": _address,
    "mail": _mail,
}
