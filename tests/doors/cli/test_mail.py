"""A mail server's life from the command line: the commands as they are, in this process, against real SMTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from tests.conftest import START
from tillwright.doors.cli import mail
from tillwright.kit.errors import Absent, Conflict, Invalid
from tillwright.kit.seal import Secret
from tillwright_sandbox.mailsink import MailSink

Command = Callable[..., Result]


@pytest.fixture
def sink() -> Iterator[MailSink]:
    sink = MailSink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def command(database_url: Secret, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`tillwright mail` in an installation with one organisation, Northwind."""
    monkeypatch.setenv("TILLWRIGHT_DATA", str(tmp_path))
    monkeypatch.setenv("TILLWRIGHT_DATABASE_URL", database_url.reveal())
    monkeypatch.setenv("TILLWRIGHT_OUTGOING_NETWORKS", "127.0.0.0/8")
    with psycopg.connect(database_url.reveal(), options="-c search_path=tillwright") as connection:
        connection.execute(
            "insert into organisations (id, name, created) values ('org_northwind', 'Northwind', %s)", (START,)
        )

    def run(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(mail.app, list(arguments), input=typed)

    return run


def test_connect_verify_edit_delete(command: Command, sink: MailSink) -> None:
    assert isinstance(command("show").exception, Absent)
    where = ("--host", "127.0.0.1", "--port", str(sink.port), "--tls", "none")
    wrong = command("connect", *where).exception
    assert isinstance(wrong, Invalid)
    assert wrong.field == "sender"
    made = command("connect", *where, "--sender", "Shop <shop@example.com>", "--json")
    assert json.loads(made.stdout)["status"] == "CREATED"
    report = command("verify", "--to", "ada@example.com", "--json")
    assert (report.exit_code, json.loads(report.stdout)["outcome"]) == (0, "VERIFIED")
    assert sink.shown()[0]["recipients"] == ["ada@example.com"]
    assert isinstance(command("set", "--sender", "B <b@example.com>", "--version", "7").exception, Conflict)
    changed = command("set", "--user", "shop", "--tls", "starttls", "--password", typed="canary-password\n")
    assert changed.exit_code == 0
    assert "canary-password" not in changed.output + command("show").output
    refused = command("verify", "--to", "ada@example.com")
    assert refused.exit_code == 1, "the sink knows no TLS"
    assert "NOT_VERIFIED" in refused.stdout
    counted = {each["what"]: each["count"] for each in json.loads(command("delete", "--json").stdout)}
    assert counted == {"Verification reports": 2, "Sealed keys": 1}
    assert "Nothing was deleted" in command("delete").stdout
    assert isinstance(command("delete", "--name", "Southwind").exception, Invalid)
    receipt = command("delete", "--name", "Northwind")
    assert "✓ Sealed keys were shredded. (1)" in receipt.stdout
    assert isinstance(command("delete", "--name", "Northwind").exception, Absent)
