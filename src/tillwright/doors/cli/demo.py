"""`tillwright demo`: the whole product on one machine against the sandbox Stripe, in one command."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tillwright.domains.notifications.configuration.model import Change
from tillwright.domains.notifications.scopes import end_soon_entitlement
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.processes import Program, Supervisor
from tillwright.kit.errors import Conflict, Upstream
from tillwright.kit.seal import Secret
from tillwright.settings import Settings, read
from tillwright.wiring import House, open_house, owner_url

EMAIL, PASSWORD = "demo@northwind.example", "demo-password"
PUBLISHABLE_KEY, RESTRICTED_KEY = "pk_test_sandbox_northwind", "rk_test_sandbox_northwind"
WORKFLOW = "win_back_failed_payment"
CONTACTS = (
    ("Customer success", "success@northwind.example", "care"),
    ("Account managers", "accounts@northwind.example", "sales"),
)
WARNED_OF = end_soon_entitlement.SCOPE.name

_console = Console(highlight=False)


def run(
    port: Annotated[int, typer.Option(help="Where the console listens.")] = 8420,
    sandbox_port: Annotated[int, typer.Option(help="Where the sandbox Stripe listens.")] = 8421,
    mail_port: Annotated[int, typer.Option(help="Where the mail sink listens; 0 takes a free port.")] = 0,
    data: Annotated[Path, typer.Option(help="The data folder; kept from one start to the next.")] = Path(".demo"),
    connected: Annotated[bool, typer.Option(help="Connect and verify the sandbox's account at once.")] = False,
    job: Annotated[
        Path | None, typer.Option(help="Run this script against a connected demo in a throw-away folder, then stop.")
    ] = None,
) -> None:
    """Start database, sandbox Stripe, mail sink, web and worker; Ctrl-C stops them, the data stays."""
    if job is not None:
        with tempfile.TemporaryDirectory(prefix="tillwright-job-") as folder:
            raise typer.Exit(_run(_free_port(), _free_port(), _free_port(), Path(folder), connected=True, job=job))
    raise typer.Exit(
        _run(port, sandbox_port, mail_port or _free_port(), data.absolute(), connected=connected, job=None)
    )


def _run(port: int, sandbox_port: int, mail_port: int, data: Path, *, connected: bool, job: Path | None) -> int:
    started = time.monotonic()
    for name, number in (("PORT", port), ("SANDBOX_PORT", sandbox_port)):
        _require_free(name, number)
    # Above the temporary or hidden folder nothing else is needed: the embedded server makes its own below it.
    data.mkdir(parents=True, exist_ok=True)
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    # Of the settings a person has, only the models are theirs to choose here.
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TILLWRIGHT_") or k == "TILLWRIGHT_MODEL_BASES"}
    environment = kept | {
        "TILLWRIGHT_DATA": str(data),
        "TILLWRIGHT_PORT": str(port),
        "TILLWRIGHT_STRIPE_API_BASE": sandbox,
        "TILLWRIGHT_SMTP_PORT": str(mail_port),
        "TILLWRIGHT_MAIL_FROM": "Northwind <billing@northwind.example>",
        "TILLWRIGHT_MAIL_SINK_URL": sandbox,
        "TILLWRIGHT_OUTGOING_NETWORKS": "127.0.0.0/8",
        "TILLWRIGHT_DEMO": "1",
    }
    settings = read(environment)
    command = [sys.executable, "-m"]
    with _stop_signals() as stopping, Supervisor(data / "log", stopping) as supervisor:
        # The two slowest starts run side by side.
        supervisor.start(
            Program(
                "sandbox Stripe",
                [*command, "tillwright_sandbox.main", "--port", str(sandbox_port), *_sandbox_options(data, mail_port)],
                environment,
                f"{sandbox}/_sandbox/health",
            )
        )
        with owner_url(settings) as url:
            _console.print("  [green]✓[/green] database")
            environment["TILLWRIGHT_DATABASE_URL"] = url.reveal()
            settings = read(environment)
            asyncio.run(_prepare(settings))
            address = settings.web.public_url
            supervisor.start(
                Program("web", [*command, "tillwright.main", "serve"], environment, f"{address}/healthz", restart=True)
            )
            supervisor.start(
                Program(
                    "worker",
                    [*command, "tillwright.main", "worker"],
                    environment,
                    None,
                    ready_line="ready",
                    restart=True,
                )
            )
            for name in ("sandbox Stripe", "web", "worker"):
                supervisor.wait_ready(name)
            if connected:
                asyncio.run(_connect(settings))
                _console.print("  [green]✓[/green] Stripe connected and verified")
            if job is not None:
                return _run_job(job, environment | {"TILLWRIGHT_URL": address, "SANDBOX_URL": sandbox})
            _welcome(address, sandbox, time.monotonic() - started, supervisor)
            supervisor.watch()
            _console.print("\nStopping; the data stays in", data, soft_wrap=True)
    return 0


def _sandbox_options(data: Path, mail_port: int) -> list[str]:
    return ["--data", str(data / "sandbox"), "--seed", "demo", "--smtp-port", str(mail_port)]


async def _prepare(settings: Settings) -> None:
    """Organisation, sign-in and example workflow, made at the first start and left alone after it."""
    async with open_house(settings) as house:
        if await house.tenancy.is_new():
            principal = await house.tenancy.create_organisation("Northwind Demo", EMAIL, PASSWORD, person="Demo")
            await house.automation.save_example(principal, WORKFLOW, activate=True)
            await _name_recipients(house, principal)


async def _name_recipients(house: House, principal: Principal) -> None:
    """Somebody is told before an entitlement ends, so that moving the demo's clock has something to show."""
    notices = house.notices
    given = [{"name": name, "email": email, "tags": [tag]} for name, email, tag in CONTACTS]
    made = await notices.contacts.create(principal, given)
    scope = {"to": [made[0].id], "cc": [made[1].id]}
    await notices.configurations.change(principal, Change(scopes={WARNED_OF: scope}))


async def _connect(settings: Settings) -> None:
    async with open_house(settings) as house:
        (organisation_id,) = await house.tenancy.organisation_ids()
        principal = Principal.system(organisation_id, "tillwright demo")
        try:
            await house.integrations.connect(
                principal, publishable_key=PUBLISHABLE_KEY, secret_key=Secret(RESTRICTED_KEY)
            )
        except Conflict:
            return  # an earlier start connected it
        report = await house.verification.verify(principal)
        if not report.verified:
            raise Upstream("demo_not_verified", " ".join(report.reasons))
        await house.webhooks.register(principal.organisation_id)


def _welcome(address: str, sandbox: str, seconds: float, supervisor: Supervisor) -> None:
    worker = supervisor.pid("worker")
    _console.print(
        f"""
[bold]Tillwright is ready[/bold] after {seconds:.1f} s.

  Console   [bold]{address}[/bold]
  Sign in   [bold]{EMAIL}[/bold]   password [bold]{PASSWORD}[/bold]
  Sandbox   {sandbox}   (a Stripe of your own: nothing leaves this machine)

[bold]Four things to try[/bold]

  1. Integrations → Connect Stripe, with these keys, then press VERIFY.
       Public Key   {PUBLISHABLE_KEY}
       Secret Key   {RESTRICTED_KEY}
  2. In another terminal, let a payment fail and watch it being won back (Automation → Runs):
       SANDBOX_URL={sandbox} .venv/bin/python examples/failed_payment.py
  3. While that runs, kill the worker; it comes back and finishes: one coupon, one code, one mail.
       kill -9 {worker}
  4. Entitlements → “To the next notice” moves the clock, here and at the sandbox: the notices before
     an end go out one by one (Notices, Mails).

Ctrl-C stops everything; the next start goes on with the same data.
""",
        soft_wrap=True,
    )


def _run_job(script: Path, environment: dict[str, str]) -> int:
    done = subprocess.run([sys.executable, str(script)], env=environment, check=False)
    mark = "[green]✓[/green] the effects were seen" if done.returncode == 0 else "[red]✗[/red] the job failed"
    _console.print(f"  {mark}")
    return done.returncode


def _require_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Conflict(
                "port_taken",
                f"Port {port} is in use by another program.",
                field=name,
                remedy=f"Stop it, or choose another port: make demo {name}={port + 1000}",
            ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Collects SIGINT and SIGTERM instead of dying of them, so that everything is stopped in order."""
    seen: list[int] = []
    before = {s: signal.signal(s, lambda number, _: seen.append(number)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield seen
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
