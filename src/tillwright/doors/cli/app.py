"""The command `tillwright`: what it can do, and how errors and answers are shown."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from tillwright import __version__
from tillwright.doors.cli import (
    assistant,
    audit,
    backup,
    clients,
    demo,
    doctor,
    events,
    export,
    integration,
    keys,
    mail,
    mirror,
    notices,
    purchases,
    sessions,
    setup,
    users,
    verify,
    workflow,
)
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid, TillwrightError, Upstream
from tillwright.settings import Settings, read
from tillwright.wiring import bring_up_to_date, owner_url

# Documented in docs/reference/cli.md: scripts read these.
EXIT_CODES: dict[type[TillwrightError], int] = {Invalid: 2, Absent: 3, Conflict: 4, Denied: 5, Upstream: 6}


@dataclass(frozen=True)
class Programs:
    """The long-running programs of the other doors, handed in by `main`: a door does not know another."""

    serve: Callable[[Settings], None]
    work: Callable[[Settings], None]
    mcp: Callable[[Settings, assistant.McpChoice], None]


def build(programs: Programs) -> Callable[[], None]:
    """The command as a function that never shows a traceback for what a person can mend."""
    app = typer.Typer(
        name="tillwright",
        help="Connect a Stripe account, prove the connection, mirror its data, run durable automation on it.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )

    @app.callback(invoke_without_command=True)
    def top(
        version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    ) -> None:
        if version:
            print(__version__)
            raise typer.Exit

    @app.command()
    def serve() -> None:
        """Serve the console, the API and the webhook intake."""
        programs.serve(read())

    @app.command()
    def worker() -> None:
        """Run workflows, apply events, fill the mirror, send mails. Start as many as you like."""
        programs.work(read())

    @app.command()
    def migrate() -> None:
        """Bring the database's schema up to date (serve and worker do so when they start)."""
        with owner_url(read()) as url:
            print(f"The schema is at revision {bring_up_to_date(url)}.")

    app.command(name="setup")(setup.run)
    app.command(name="backup")(backup.backup)
    app.command(name="restore")(backup.restore)
    app.command(name="doctor")(doctor.run)
    app.command(name="demo")(demo.run)
    app.command(name="verify")(verify.run)
    app.command(name="export")(export.run)
    app.command(name="mcp")(assistant.command(programs.mcp))
    app.add_typer(integration.app, name="integration")
    app.add_typer(mail.app, name="mail")
    app.add_typer(keys.app, name="keys")
    app.add_typer(mirror.app, name="mirror")
    app.add_typer(events.app, name="events")
    app.add_typer(audit.app, name="audit")
    app.add_typer(users.app, name="users")
    app.add_typer(clients.app, name="clients")
    app.add_typer(sessions.app, name="sessions")
    app.add_typer(notices.app, name="notices")
    app.add_typer(purchases.app, name="purchases")
    app.add_typer(workflow.app, name="workflow")

    def guarded() -> None:
        try:
            app()
        except TillwrightError as error:
            show(error)
            sys.exit(next((code for family, code in EXIT_CODES.items() if isinstance(error, family)), 1))

    return guarded


def show(error: TillwrightError) -> None:
    """Say what is wrong and what to do, on standard error."""
    console = Console(stderr=True, highlight=False)
    problems = error.problems if isinstance(error, Invalid) else [error]
    for problem in problems:
        where = f"[bold]{problem.field}[/bold]: " if problem.field else ""
        console.print(f"[red]✗[/red] {where}{problem.sentence}", soft_wrap=True)
        if problem.remedy:
            console.print(f"  {problem.remedy}", soft_wrap=True)
