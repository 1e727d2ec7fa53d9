"""`tillwright export` against a connected installation: the files, the sentences, the pipe that nobody reads."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from tests.doors.cli.test_commands import run
from tests.sandbox.conftest import Sandbox
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.doors.cli import export
from tillwright.kit.errors import TillwrightError
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import open_house

NAMES = ("=HYPERLINK(1)", "Zoë, Ltd.", "Person 3")


async def fill(sandbox: Sandbox, bodies: list[dict[str, Any]]) -> None:
    """An organisation whose mirror holds these customers."""
    async with open_house(read()) as house:
        principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long password")
        await house.integrations.connect(
            principal, publishable_key=sandbox.publishable_key, secret_key=Secret(sandbox.restricted_key)
        )
        at = house.clock.now()
        copies = [FetchedCopy(False, "customer", body["id"], sandbox.account, at, True, body) for body in bodies]
        async with house.database.tenant(principal.organisation_id) as tx:
            await house.mirror.keep(tx, principal.organisation_id, copies)


def test_a_type_as_a_file_and_what_a_person_does_wrong(
    database_url: Secret, stripe_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "TILLWRIGHT_DATA": str(tmp_path / "data"),
        "TILLWRIGHT_DATABASE_URL": database_url.reveal(),
        "TILLWRIGHT_STRIPE_API_BASE": stripe_sandbox.url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    sent = [json.loads(str(stripe_sandbox.client.v1.customers.create({"name": name}))) for name in NAMES]
    asyncio.run(fill(stripe_sandbox, sent))
    app = typer.Typer()
    app.command()(export.run)

    def called(*options: str) -> str:
        done = CliRunner().invoke(app, [*options])
        assert done.exit_code == 0, done.exception
        return done.stdout_bytes.decode()

    sheet, lines = tmp_path / "customers.csv", tmp_path / "customers.ndjson"
    done = run("export", "customer", "--output", str(sheet), **settings)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert f"{sheet.stat().st_size:,} bytes in {sheet}" in done.stderr
    rows = list(csv.DictReader(io.StringIO(sheet.read_text(encoding="utf-8"))))
    assert {row["name"] for row in rows} == {"Person 3", "Zoë, Ltd.", "'=HYPERLINK(1)"}, "whole, and no formula"

    assert called("customer", "--format", "ndjson", "--output", str(lines)) == ""
    kept = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert {body["id"]: body for body in kept} == {body["id"]: body for body in sent}, "as Stripe sent them"
    found = called("customer", "--filter", '(= name "Person 3")')
    assert [row["name"] for row in csv.DictReader(io.StringIO(found))] == ["Person 3"]
    assert len(called("customer", "--search", "zoë").splitlines()) == 2
    assert len(called("customer", "--mode", "live").splitlines()) == 1, "the header alone"

    before = sheet.read_bytes()
    for arguments, field, sentence in [
        (("customers",), "TYPE", "Did you mean customer?"),
        (("customer", "--filter", "(= nme 1)", "--output", str(sheet)), "--filter", "There is no column 'nme'"),
        (("customer", "--output", str(tmp_path)), "--output", "it is a folder"),
        (("customer", "--output", str(tmp_path / "nowhere" / "x.csv")), "--output", "no such file or directory"),
        (("customer", "--organisation", "org_other"), "--organisation", "There is no organisation org_other."),
    ]:
        error = CliRunner().invoke(app, [*arguments]).exception
        assert isinstance(error, TillwrightError)
        assert (error.field, sentence in str(error)) == (field, True), error
    assert sheet.read_bytes() == before, "the file of before is as it was"
    assert {each.name for each in tmp_path.iterdir()} == {"customers.csv", "customers.ndjson", "data"}, "nothing half"

    with psycopg.connect(database_url.reveal(), options="-c search_path=tillwright") as connection:
        row = connection.execute("select count(*) from audit_entries where action = 'mirror:object:export'").fetchone()
    assert row == (5,), "each file that was begun is in the audit trail"

    # As `| head -1` ends: what is written goes into a pipe that nobody reads any more.
    command = [sys.executable, "-m", "tillwright.main", "export", "customer"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, "")
