"""The command line as a person or a script meets it: real processes, exit codes, sentences."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tillwright.kit.seal import Secret


def run(*arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TILLWRIGHT_")}
    return subprocess.run(
        [sys.executable, "-m", "tillwright.main", *arguments],
        env=environment | {"COLUMNS": "200"} | settings,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def settings(database_url: Secret, tmp_path: Path) -> dict[str, str]:
    return {
        "TILLWRIGHT_DATA": str(tmp_path),
        "TILLWRIGHT_DATABASE_URL": database_url.reveal(),
        "TILLWRIGHT_STRIPE_API_BASE": "http://127.0.0.1:1",
        "TILLWRIGHT_SMTP_PORT": "1",
    }


def test_help_names_every_command() -> None:
    shown = run("--help").stdout
    for command in ("serve", "worker", "migrate", "setup", "doctor", "verify", "mirror", "export", "demo"):
        assert command in shown
        assert run(command, "--help").returncode == 0


def test_wrong_settings_are_all_told_and_nothing_starts() -> None:
    done = run("serve", TILLWRIGHT_PORT="x", TILLWRIGHT_SMTP_TLS="y", TILLWRIGHT_TYPO="z")
    assert done.returncode == 2
    assert all(name in done.stderr for name in ("TILLWRIGHT_PORT", "TILLWRIGHT_SMTP_TLS", "TILLWRIGHT_TYPO"))
    assert "Traceback" not in done.stderr


def test_an_unreachable_database_is_one_sentence() -> None:
    done = run("migrate", TILLWRIGHT_DATABASE_URL="postgresql://u:canary-password@127.0.0.1:1/none")
    assert done.returncode == 6
    assert "TILLWRIGHT_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary-password" not in done.stderr + done.stdout


def test_migrate_twice(settings: dict[str, str]) -> None:
    assert run("migrate", **settings).stdout == run("migrate", **settings).stdout


def test_setup_makes_the_first_administrator(settings: dict[str, str]) -> None:
    options = ("--organisation", "Northwind", "--email", "ada@example.com")
    short = run("setup", *options, stdin="short\n", **settings)
    assert short.returncode == 2
    assert "password" in short.stderr
    made = run("setup", *options, stdin="correct horse battery\n", **settings)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("org_")
    assert run("setup", *options, stdin="correct horse battery\n", **settings).returncode == 4


def test_doctor_finds_what_is_wrong(settings: dict[str, str]) -> None:
    done = run("doctor", "--json", **settings)
    states = {f["name"]: f["state"] for f in json.loads(done.stdout)}
    assert states == {
        "settings": "ok",
        "master key": "advice",
        "database": "ok",
        "Stripe": "failed",
        "public address": "advice",
        "mail": "failed",
    }
    assert done.returncode == 1
    assert "TILLWRIGHT_SMTP_HOST" in run("doctor", **settings).stdout


def test_doctor_tells_an_open_key_file(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master.key").write_text("A" * 43)
    (tmp_path / "keys" / "master.key").chmod(0o644)
    assert "chmod 600" in run("doctor", **settings).stdout


def test_verify_without_an_integration_says_what_to_do(settings: dict[str, str]) -> None:
    nobody = run("verify", **settings)
    assert nobody.returncode == 3
    assert "setup" in nobody.stderr
    run("setup", "--organisation", "N", "--email", "a@example.com", stdin="correct horse battery\n", **settings)
    unconnected = run("verify", **settings)
    assert unconnected.returncode == 3
    assert "Connect" in unconnected.stderr
    assert run("verify", "--organisation", "org_other", **settings).returncode == 3


def test_a_reader_signs_in_for_sql_until_it_is_closed(settings: dict[str, str]) -> None:
    run("setup", "--organisation", "N", "--email", "a@example.com", stdin="correct horse battery\n", **settings)
    made = json.loads(run("mirror", "reader", "--json", **settings).stdout)
    parts = urlsplit(settings["TILLWRIGHT_DATABASE_URL"])
    address = urlunsplit(parts._replace(netloc=f"{made['user']}:{made['password']}@"))
    with psycopg.connect(address) as connection:
        assert connection.execute("select count(*) from customers").fetchone() == (0,)
    assert "gone" in run("mirror", "reader", "--close", **settings).stdout
    assert "no sign-in" in run("mirror", "reader", "--close", **settings).stdout


def test_mirror_check_exits_1_on_drift_and_says_what(settings: dict[str, str]) -> None:
    made = run("setup", "--organisation", "N", "--email", "a@example.com", stdin="correct horse battery\n", **settings)
    organisation = made.stdout.strip()
    nothing = run("mirror", "check", **settings)
    assert (nothing.returncode, "Nothing is read yet" in nothing.stdout) == (7, True)
    assert "No drift." not in nothing.stdout
    assert "Nothing is mirrored" in run("mirror", "status", **settings).stdout
    with psycopg.connect(settings["TILLWRIGHT_DATABASE_URL"], options="-c search_path=tillwright") as connection:
        connection.execute(
            "insert into mirror_backfills (organisation_id, livemode, object, position, state, updated, finished) "
            "values (%s, false, 'customer', 0, 'DONE', now(), now())",
            (organisation,),
        )
        connection.commit()
        unproven = run("mirror", "check", **settings)
        assert (unproven.returncode, "Nothing was compared yet" in unproven.stdout) == (7, True)
        connection.execute(
            "insert into mirror_proofs (organisation_id, livemode, object, proven_at, proven_from, proven_rows, "
            "next_at) values (%s, false, 'customer', now(), now() - interval '1 hour', 12, now())",
            (organisation,),
        )
        connection.commit()
        assert run("mirror", "check", **settings).returncode == 0
        connection.execute(
            "insert into mirror_drifts (organisation_id, livemode, object, id, drift, fields, found, mended) "
            "values (%s, false, 'customer', 'cus_1', 'DIFFERENT', '{name}', now(), now())",
            (organisation,),
        )
    shown = run("mirror", "check", **settings)
    assert shown.returncode == 1
    assert "cus_1" in shown.stdout
    found = json.loads(run("mirror", "check", "--json", **settings).stdout)
    assert (found["true"], found["types"][0]["drift"], found["types"][0]["mended"]) == (False, 1, 1)
    assert run("mirror", "backfill", **settings).returncode == 3, "there is no Stripe to read"


def test_notices_due_writes_nothing_and_says_why(settings: dict[str, str]) -> None:
    made = run(
        "setup",
        "--organisation",
        "Northwind",
        "--email",
        "ada@example.com",
        stdin="correct horse battery\n",
        **settings,
    )
    assert made.returncode == 0, made.stderr
    answer = run("notices", "due", "--at", "2027-01-15", "--json", **settings)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert (found["at"], found["connected"], found["notices"]) == ("2027-01-15T00:00:00Z", False, [])
    wrong = run("notices", "due", "--at", "soon", **settings)
    assert wrong.returncode == 2
    assert "--at" in wrong.stderr


def test_backup_and_restore(settings: dict[str, str], tmp_path: Path) -> None:
    options = ("--organisation", "Northwind", "--email", "ada@example.com")
    assert run("setup", *options, stdin="correct horse battery\n", **settings).returncode == 0
    file = str(tmp_path / "backup")
    made = run("backup", file, **settings)
    assert made.returncode == 0, made.stderr
    assert "master key apart" in made.stdout
    assert run("backup", file, **settings).returncode == 4, "a backup is never covered up"
    full = run("restore", file, **settings)
    assert full.returncode == 4
    assert "empty" in full.stderr
    for name, options, stopped in (("today", {}, False), ("late", {"TILLWRIGHT_DEMO": "1"}, True)):
        # A demo's clock can be moved: the late one is restored a day after Stripe forgot what was done since.
        (tmp_path / "clock").write_text("90000")
        with another_database(settings["TILLWRIGHT_DATABASE_URL"], name) as url:
            elsewhere = settings | options | {"TILLWRIGHT_DATABASE_URL": url}
            restored = run("restore", file, "--json", **elsewhere)
            told = {"organisations": 1, "sealedWithKeysNotHere": 0, "automationStopped": stopped}
            assert json.loads(restored.stdout) == told, restored.stderr
            with psycopg.connect(url) as connection:
                counted = "select count(*) from tillwright.automation_switches where stopped"
                stops = connection.execute(counted).fetchone()
                assert stops == (int(stopped),)


@contextmanager
def another_database(url: str, name: str) -> Iterator[str]:
    """An empty one of the same server."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'create database "{name}"')  # type: ignore[arg-type]
    try:
        yield url.replace(url.split("/")[3].split("?")[0], name)
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f'drop database "{name}" with (force)')  # type: ignore[arg-type]
