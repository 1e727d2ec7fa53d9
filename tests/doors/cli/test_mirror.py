"""`tillwright mirror check --now`: everything is compared with a real Stripe over HTTP, and the exit code tells."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from tests.sandbox.conftest import Sandbox
from tillwright.doors.cli import mirror
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import open_house


async def fill(sandbox: Sandbox) -> None:
    """An organisation whose account has three customers and a product, all of them mirrored."""
    async with open_house(read()) as house:
        principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long password")
        await house.integrations.connect(
            principal, publishable_key=sandbox.publishable_key, secret_key=Secret(sandbox.restricted_key)
        )
        await house.mirror.backfill(principal)
        while await house.mirror.backfill_step():
            pass


def test_a_program_reads_what_backfill_status_and_replay_say(
    database_url: Secret, stripe_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILLWRIGHT_DATA", str(tmp_path))
    monkeypatch.setenv("TILLWRIGHT_DATABASE_URL", database_url.reveal())
    monkeypatch.setenv("TILLWRIGHT_STRIPE_API_BASE", stripe_sandbox.url)
    stripe_sandbox.client.v1.customers.create({"name": "Ada"})
    asyncio.run(fill(stripe_sandbox))

    def answer(*command: str) -> dict[str, Any]:
        done = CliRunner().invoke(mirror.app, [*command, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    read = answer("backfill", "--wait")
    assert (read["mode"], read["over"], read["objects"]) == ("test", read["lists"], 1)
    status = answer("status")
    assert status["types"] == read["types"]
    customers = next(row for row in status["types"] if row["object"] == "customer")
    assert (customers["coverage"], customers["objects"], customers["eventAt"]) == ("COMPLETE", 1, None)
    assert customers["newestAt"]
    assert customers["readAt"]
    assert [(mode["mode"], mode["code"]) for mode in status["modes"]] == [("test", "not_proven")]
    told = answer("replay", "customer")
    assert told == {"object": "customer", "mode": "test", "applied": 0, "rebuild": False}


def test_check_now_exits_1_on_drift_and_0_once_it_is_mended(
    database_url: Secret, stripe_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILLWRIGHT_DATA", str(tmp_path))
    monkeypatch.setenv("TILLWRIGHT_DATABASE_URL", database_url.reveal())
    monkeypatch.setenv("TILLWRIGHT_STRIPE_API_BASE", stripe_sandbox.url)
    monkeypatch.setenv("COLUMNS", "200")
    names = [stripe_sandbox.client.v1.customers.create({"name": f"Person {number}"}).id for number in range(3)]
    stripe_sandbox.client.v1.products.create({"name": "Studio plan"})
    asyncio.run(fill(stripe_sandbox))

    def alter(statement: str, *values: str) -> None:
        """What a fault would do, an hour ago."""
        with psycopg.connect(database_url.reveal(), options="-c search_path=tillwright") as connection:
            connection.execute("update mirror_objects set fetched_at = now() - interval '1 hour'")
            assert connection.execute(statement, values).rowcount == 1  # type: ignore[arg-type]

    def check(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(mirror.app, ["check", *options])
        return done.exit_code, done.stdout

    code, said = check()
    assert (code, "Nothing was compared yet" in said, "No drift." in said) == (7, True, False), said
    code, said = check("--now")
    assert (code, "No drift." in said) == (0, True), said
    told = json.loads(check("--json")[1])
    assert (told["true"], told["modes"][0]["standing"]) == (True, "RIGHT")
    assert told["modes"][0]["proven"] == told["modes"][0]["lists"]
    alter("update mirror_objects set digest = 'x', body = body || '{\"name\": \"wrong\"}' where id = %s", names[0])
    alter("delete from mirror_objects where id = %s", names[1])
    code, said = check("--now", "--json")
    found = json.loads(said)
    assert (code, found["true"]) == (1, False)
    told = {row["id"]: (row["kind"], row["fields"], row["mendedAt"] is not None) for row in found["drift"]}
    assert told == {names[0]: ("DIFFERENT", ["name"], True), names[1]: ("MISSING", [], True)}
    (customers,) = [row for row in found["types"] if row["object"] == "customer"]
    assert (customers["checked"], customers["drift"], customers["mended"]) == (3, 2, 2)
    assert check()[0] == 1, "what was found stays told until the next comparison"
    with psycopg.connect(database_url.reveal(), options="-c search_path=tillwright") as connection:
        rows = connection.execute("select id, body->>'name' from mirror_objects where object = 'customer'").fetchall()
    assert dict(rows) == {name: f"Person {number}" for number, name in enumerate(names)}
    code, said = check("--now")
    assert (code, "No drift." in said) == (0, True), said
