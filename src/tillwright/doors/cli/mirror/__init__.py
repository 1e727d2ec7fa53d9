"""`tillwright mirror`: a file a command."""

from __future__ import annotations

import typer

from tillwright.doors.cli.mirror import backfill, check, reader, replay, status

app = typer.Typer(help="The copy of Stripe's objects: is it whole, is it true?", no_args_is_help=True)
app.command(name="check")(check.run)
app.command(name="status")(status.run)
app.command(name="backfill")(backfill.run)
app.command(name="replay")(replay.run)
app.command(name="reader")(reader.run)
