"""The controls under /_sandbox/, and the command with its snapshot on disk."""

import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tests.sandbox.conftest import Sandbox, serve_world
from tillwright_sandbox.world import make_world


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    world = make_world()
    world.limits.enabled = False
    yield from serve_world(world)


def ask(sandbox: Sandbox, method: str, path: str, **json: object) -> httpx.Response:
    return httpx.request(method, f"{sandbox.url}/_sandbox{path}", json=json or None, trust_env=False)


def test_health_counts_what_is_there(sandbox: Sandbox) -> None:
    sandbox.client.v1.customers.create({"name": "One"})
    health = ask(sandbox, "GET", "/health").json()
    assert health["ready"] is True
    assert health["objects"][sandbox.account]["test"]["customer"] >= 1


def test_the_ledger_tells_sends_from_effects(sandbox: Sandbox) -> None:
    before = ask(sandbox, "GET", "/ledger").json()["last"]
    options = {"idempotency_key": "ledger-1"}
    made = sandbox.client.v1.coupons.create({"percent_off": 10}, options)
    sandbox.client.v1.coupons.create({"percent_off": 10}, options)
    sandbox.client.v1.coupons.list()
    shown = ask(sandbox, "GET", f"/ledger?since={before}&idempotency_key=ledger-1").json()
    assert [line["replayed"] for line in shown["lines"]] == [False, True]
    accepted = ask(sandbox, "GET", f"/ledger?since={before}&accepted=true").json()["lines"]
    assert [(line["operation"], line["object_id"], line["key_kind"]) for line in accepted] == [
        ("PostCoupons", made.id, "secret")
    ]
    assert accepted[0]["params"] == {"percent_off": "10"}
    sandbox.client.v1.coupons.delete(made.id)
    assert ask(sandbox, "GET", f"/ledger?since={before}&object_id={made.id}").json()["count"] >= 1


def test_the_clock(sandbox: Sandbox) -> None:
    before = ask(sandbox, "GET", "/clock").json()["now"]
    assert ask(sandbox, "POST", "/clock", advance=3600).json()["now"] - before in range(3599, 3610)
    assert ask(sandbox, "POST", "/clock", freeze=True).json()["frozen"] is True
    assert ask(sandbox, "POST", "/clock", freeze=False).json()["frozen"] is False


def test_faults_latency_limits_and_idempotency(sandbox: Sandbox) -> None:
    rules = [{"kind": "status", "status": 503, "path": "/v1/coupons", "times": 1}]
    assert len(ask(sandbox, "POST", "/faults", seed=7, rules=rules).json()["rules"]) == 1
    assert sandbox.http("GET", "/v1/coupons").status_code == 503
    assert ask(sandbox, "DELETE", "/faults").json()["rules"] == []
    assert ask(sandbox, "POST", "/latency", seconds=0.2).json()["latency"] == 0.2
    start = time.monotonic()
    sandbox.http("GET", "/v1/coupons")
    assert time.monotonic() - start >= 0.2
    ask(sandbox, "POST", "/latency", seconds=0)
    assert ask(sandbox, "POST", "/limits", enabled=True, scale=0.5).json()["scale"] == 0.5
    ask(sandbox, "POST", "/limits", enabled=False, scale=1)
    assert ask(sandbox, "POST", "/idempotency", expire=True).json()["enabled"] is True


def test_keys_come_and_go(sandbox: Sandbox) -> None:
    made = ask(sandbox, "POST", "/keys", rights=["rak_customer_read"]).json()
    assert sandbox.http("GET", "/v1/customers", made["secret"]).status_code == 200
    assert sandbox.http("GET", "/v1/charges", made["secret"]).status_code == 403
    ask(sandbox, "POST", f"/keys/{made['secret']}", rights=["charge_read"])
    assert sandbox.http("GET", "/v1/charges", made["secret"]).status_code == 200
    ask(sandbox, "POST", f"/keys/{made['secret']}", status="revoked")
    assert sandbox.http("GET", "/v1/charges", made["secret"]).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/clock", {}, 400, "advance"),
        ("POST", "/clock", {"advance": -5}, 400, "forward"),
        ("POST", "/faults", {"kind": "explode"}, 400, "kind must be one of"),
        ("POST", "/latency", {"seconds": 900}, 400, "between 0 and 60"),
        ("POST", "/limits", {"enabled": "perhaps"}, 400, "true or false"),
        ("POST", "/keys", {"rights": ["fly_write"]}, 400, "no such right: fly_write"),
        ("POST", "/keys/sk_test_nobody", {"status": "revoked"}, 404, "no such key"),
        ("POST", "/webhooks/we_none/roll", {}, 404, "No such webhook endpoint"),
        ("POST", "/webhooks/chaos", {"mood": 1}, 400, "unknown: mood"),
        ("GET", "/mails", {}, 404, "without a mail sink"),
        ("POST", "/state/save", {}, 404, "--data"),
    ],
)
def test_what_it_refuses(sandbox: Sandbox, method: str, path: str, body: dict, status: int, says: str) -> None:
    refused = ask(sandbox, method, path, **body)
    assert refused.status_code == status
    assert says in refused.json()["error"]


def test_a_dropped_event_is_gone(sandbox: Sandbox) -> None:
    sandbox.client.v1.customers.create({"name": "Dropped"})
    event = sandbox.client.v1.events.list({"limit": 1}).data[0]
    ask(sandbox, "DELETE", f"/events/{event.id}")
    assert event.id not in [row.id for row in sandbox.client.v1.events.list({"limit": 100}).data]


# --- the command ---------------------------------------------------------------------------------------------------


@contextmanager
def command(data: Path, *more: str) -> Iterator[tuple[subprocess.Popen, str, int]]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tillwright_sandbox.main",
            "--port",
            "0",
            "--smtp-port",
            "0",
            "--data",
            str(data),
            *more,
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    smtp = 0
    try:
        for line in process.stdout:
            if line.startswith("mail "):
                smtp = int(line.rsplit(":", 1)[1])
            if line.startswith("ready "):
                yield process, line.split()[1], smtp
                break
        else:
            raise AssertionError("the command ended without being ready")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stdout.close()


@pytest.mark.processes
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_keeps_everything(tmp_path: Path, end: signal.Signals) -> None:
    headers = {"Authorization": "Bearer sk_test_sandbox_northwind", "Idempotency-Key": "kept-1"}
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "Kept"
    mail.set_content("kept")
    with command(tmp_path) as (process, url, smtp):
        made = httpx.post(f"{url}/v1/customers", data={"name": "Kept"}, headers=headers, trust_env=False).json()
        with smtplib.SMTP("127.0.0.1", smtp, timeout=5) as connection:
            connection.send_message(mail)
        process.send_signal(end)
        assert process.wait(10) == 0
    with command(tmp_path) as (process, url, _):
        again = httpx.post(f"{url}/v1/customers", data={"name": "Kept"}, headers=headers, trust_env=False)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json()["id"] == made["id"]
        shown = httpx.get(f"{url}/_sandbox/mails?to=b@example.com", trust_env=False).json()
        assert [one["subject"] for one in shown["data"]] == ["Kept"]
        events = httpx.get(f"{url}/v1/events", headers=headers, trust_env=False).json()["data"]
        assert [event["type"] for event in events] == ["customer.created"]
        process.send_signal(end)
        assert process.wait(10) == 0


@pytest.mark.processes
def test_a_kill_loses_only_what_was_not_saved(tmp_path: Path) -> None:
    headers = {"Authorization": "Bearer sk_test_sandbox_northwind"}
    with command(tmp_path) as (process, url, _):
        httpx.post(f"{url}/v1/customers", data={"name": "Saved"}, headers=headers, trust_env=False)
        httpx.post(f"{url}/_sandbox/state/save", trust_env=False).raise_for_status()
        process.kill()
        process.wait(10)
    with command(tmp_path) as (_, url, _):
        rows = httpx.get(f"{url}/v1/customers", headers=headers, trust_env=False).json()["data"]
        assert [row["name"] for row in rows] == ["Saved"]


@pytest.mark.processes
def test_a_port_in_use_is_said_plainly(tmp_path: Path) -> None:
    with command(tmp_path / "one") as (_, url, _):
        port = url.rsplit(":", 1)[1]
        second = subprocess.run(
            [sys.executable, "-m", "tillwright_sandbox.main", "--port", port, "--data", str(tmp_path / "two")],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert second.returncode == 1
    assert "tillwright-sandbox:" in second.stderr
    assert "Traceback" not in second.stderr
