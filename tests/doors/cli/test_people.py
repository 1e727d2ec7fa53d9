"""People, sessions, keys and the trail from the command line, as a script uses them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.doors.console.conftest import PASSWORD
from tillwright.doors.cli import audit, clients, integration, sessions, users
from tillwright.kit.errors import Absent, Conflict
from tillwright.kit.seal import Secret
from tillwright.wiring import House

ADA = "ada@example.com"


@pytest.fixture
def settings(database_url: Secret, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLWRIGHT_DATA", str(tmp_path))
    monkeypatch.setenv("TILLWRIGHT_DATABASE_URL", database_url.reveal())
    monkeypatch.setenv("TILLWRIGHT_SMTP_PORT", "1")


def run(app: typer.Typer, *arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def rows(app: typer.Typer, *arguments: str) -> list[dict[str, Any]]:
    return json.loads(run(app, *arguments, "--json"))


def test_people_keys_sessions_and_what_was_done(house: House, settings: None) -> None:
    async def begin() -> None:
        await house.tenancy.create_organisation("Northwind", ADA, PASSWORD, person="Ada")
        await house.tenancy.sign_in(ADA, PASSWORD, agent="Firefox")

    asyncio.run(begin())
    assert "is invited. The mail has not left yet" in run(users.app, "invite", "grace@example.com", "--role", "EDITOR")
    found = [(one["email"], one["role"], one["state"]) for one in rows(users.app, "list")]
    assert found == [(ADA, "ADMIN", "member"), ("grace@example.com", "EDITOR", "invited")]
    run(users.app, "withdraw", "grace@example.com")
    with pytest.raises(Absent):
        run(users.app, "withdraw", "grace@example.com")
    with pytest.raises(Conflict):
        run(users.app, "role", ADA, "VIEWER")
    with pytest.raises(Absent):
        run(users.app, "remove", "nobody@example.com")

    key = run(clients.app, "make", "Backend", "--role", "EDITOR").strip()
    (client,) = rows(clients.app, "list")
    assert (client["role"], client["key"]) == ("EDITOR", f"…{key[-4:]}")
    assert key not in json.dumps(client)
    assert run(clients.app, "rotate", client["id"]).strip() not in ("", key)
    run(clients.app, "revoke", client["id"])
    assert rows(clients.app, "list") == []

    (session,) = rows(sessions.app, "list")
    assert session["agent"] == "Firefox"
    run(sessions.app, "end", session["id"])
    assert rows(sessions.app, "list") == []

    trail = rows(audit.app, "search", '(ilike actor_name "tillwright clients")')
    assert len(trail) == 3
    assert key not in json.dumps(rows(audit.app, "search"))
    assert rows(integration.app, "receipts") == []
