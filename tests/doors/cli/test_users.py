"""A password given anew from the command line, where no mail can help."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from tests.conftest import START
from tillwright.doors.cli import audit, users
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.seal import Secret

ADA = "ada@example.com"


@pytest.fixture
def owner(database_url: Secret, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The owner's address of an installation in which Ada signs in."""
    monkeypatch.setenv("TILLWRIGHT_DATA", str(tmp_path))
    monkeypatch.setenv("TILLWRIGHT_DATABASE_URL", database_url.reveal())
    monkeypatch.setenv("TILLWRIGHT_PUBLIC_URL", "https://till.example.com")
    with psycopg.connect(database_url.reveal(), options="-c search_path=tillwright") as connection:
        connection.execute(
            "insert into users (id, email, name, password_hash, created) values ('usr_ada', %s, 'Ada', 'x', %s)",
            (ADA, START),
        )
    return database_url.reveal()


def reset(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(users.app, ["reset-password", *arguments], input=typed)


def test_a_password_or_a_link(owner: str) -> None:
    done = reset(ADA, typed="correct horse battery\n")
    assert (done.exit_code, done.stdout.strip()) == (0, "The password is changed. Sessions ended: 0.")
    assert "correct horse" not in done.output
    link = reset(ADA, "--link")
    assert link.stdout.startswith("https://till.example.com/reset-password/")
    assert isinstance(reset(ADA, typed="short\n").exception, Invalid)
    assert isinstance(reset("nobody@example.com", typed="correct horse battery\n").exception, Absent)
    with psycopg.connect(owner, options="-c search_path=tillwright") as connection:
        row = connection.execute("select password_hash from users").fetchone()
        kept = connection.execute("select token_digest from password_resets where token_digest is not null").fetchall()
    assert row is not None
    assert row[0].startswith("$argon2")
    assert len(kept) == 1
    assert link.stdout.strip().rsplit("/", 1)[1] not in repr(kept)
    assert CliRunner().invoke(audit.app, ["sign-ins", "--json"]).stdout.strip() == "[]"
