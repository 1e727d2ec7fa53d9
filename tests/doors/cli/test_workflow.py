"""`tillwright workflow`, as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tillwright.domains.automation import examples
from tillwright.doors.cli import workflow
from tillwright.kit.errors import Absent, Conflict, Invalid
from tillwright.kit.seal import Secret

CASES = """\
- name: a large invoice gets a coupon
  given: {object: {id: in_1, object: invoice, amount_remaining: 4900, currency: eur, status: open, customer: cus_1, customer_email: a@example.com}}
  expect: {requests: [{path: /v1/coupons}, {path: /v1/promotion_codes}, {kind: mail, to: a@example.com}]}
- name: a small one gets nothing
  given: {object: {id: in_1, object: invoice, amount_remaining: 100, currency: eur, status: open, customer: cus_1, customer_email: a@example.com}}
  expect: {state: SKIPPED, requests: []}
"""  # noqa: E501


def command(*given: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tillwright.main", "workflow", *given], capture_output=True, text=True, check=False,
        env=dict(os.environ) | (environment or {}),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/win_back.yaml").write_text(examples.text_of("win_back_failed_payment"))
    (tmp_path / "flows/win_back.test.yaml").write_text(CASES)
    return tmp_path / "flows"


def test_a_test_beside_a_definition_passes_or_says_what_differs(folder: Path) -> None:
    done = command("test", "-f", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✓") == 2
    (folder / "win_back.test.yaml").write_text(CASES.replace("/v1/promotion_codes", "/v1/refunds"))
    done = command("test", "-f", str(folder))
    assert done.returncode == 1
    assert "expected" in done.stdout


def test_apply_is_idempotent_and_export_gives_the_same_back(folder: Path, tmp_path: Path, database_url: Secret) -> None:
    environment = {"TILLWRIGHT_DATA": str(tmp_path / "data"), "TILLWRIGHT_DATABASE_URL": database_url.reveal()}
    made = subprocess.run(
        [sys.executable, "-m", "tillwright.main", "setup", "--organisation", "N", "--email", "a@example.com"],
        input="a long enough password\n", capture_output=True, text=True, check=True,
        env=dict(os.environ) | environment,
    )  # fmt: skip
    assert made.stdout.startswith("org_")
    for did in ("created", "unchanged"):
        done = command("apply", "-f", str(folder), "--json", environment=environment)
        assert done.returncode == 0, done.stderr
        assert [row["did"] for row in json.loads(done.stdout)] == [did]
    listed = json.loads(command("list", "--json", environment=environment).stdout)
    assert [(one["name"], one["version"]) for one in listed] == [("win_back_failed_payment", 1)]
    command("export", str(tmp_path / "out"), environment=environment)
    done = command("apply", "-f", str(tmp_path / "out"), "--json", environment=environment)
    assert [row["did"] for row in json.loads(done.stdout)] == ["unchanged"]
    (folder / "bad.yaml").write_text("name: X\nsteps: 1\n")
    done = command("apply", "-f", str(folder), environment=environment)
    assert done.returncode == 2
    assert "bad.yaml:1:1" in done.stderr


STEERED = "name: steered\ntriggers: [webhook, {api: {inputs: {n: {type: integer}}}}]\nsteps: [{id: s, stop: Enough.}]\n"


def test_workflows_and_runs_are_steered_by_command(tmp_path: Path, database_url: Secret) -> None:
    environment = {"TILLWRIGHT_DATA": str(tmp_path / "data"), "TILLWRIGHT_DATABASE_URL": database_url.reveal()}
    subprocess.run(
        [sys.executable, "-m", "tillwright.main", "setup", "--organisation", "N", "--email", "a@example.com"],
        input="a long enough password\n", capture_output=True, text=True, check=True,
        env=dict(os.environ) | environment,
    )  # fmt: skip
    (tmp_path / "steered.yaml").write_text(STEERED)

    def run(*given: str) -> Any:
        done = CliRunner().invoke(workflow.app, [*given, "--json"], env=environment)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        rows = json.loads(done.stdout)
        return rows[0] if len(rows) == 1 else rows

    assert run("apply", "-f", str(tmp_path / "steered.yaml"), "--activate")["state"] == "ACTIVE"
    begun = run("start", "steered", "--inputs", '{"n": 1}', "--key", "k")
    assert run("start", "steered", "--inputs", '{"n": 1}', "--key", "k")["id"] == begun["id"]
    with pytest.raises(Invalid):
        run("start", "steered", "--inputs", "[]")
    assert run("cancel", begun["id"])["state"] == "CANCELLED"
    assert run("retry", begun["id"])["state"] == "QUEUED"
    assert run("pause", "steered")["state"] == "PAUSED"
    assert run("kept", "steered") == []
    with pytest.raises(Conflict, match="paused"):
        run("replay", "steered")
    assert run("activate", "steered", "--version", "1")["state"] == "ACTIVE"
    assert run("replay", "steered") == {"did": "replayed", "count": 0}
    opened = run("webhook", "steered", "--open")
    assert opened["secret"].startswith("whsec_")
    assert run("webhook", "steered", "--renew")["secret"] != opened["secret"]
    assert "secret" not in run("webhook", "steered")
    assert run("webhook", "steered", "--close") == {"did": "closed"}
    assert run("approvals") == []
    with pytest.raises(Absent):
        run("approve", "apr_none", "0" * 64)
    with pytest.raises(Absent):
        run("declare", begun["id"], "none", "--done")
    with pytest.raises(Absent):
        run("try", str(tmp_path / "steered.yaml"), "evt_none")
    with pytest.raises(Invalid, match="nothing to look back at"):
        run("backtest", str(tmp_path / "steered.yaml"))
    assert run("try", str(tmp_path / "steered.yaml"), "--inputs", "{}")["matched"] == 1
    assert run("try", str(tmp_path / "steered.yaml"), "--recent") == []
    with pytest.raises(Invalid, match="one start"):
        run("try", str(tmp_path / "steered.yaml"))
    assert run("stop")["state"] == "STOPPED"
    assert run("release")["state"] == "RUNNING"


def test_a_test_beside_a_definition_gives_a_delivery(tmp_path: Path) -> None:
    steps = "steps: [{id: c, action: create_coupon, with: {percent_off: '${event.data.percent}'}}]\n"
    (tmp_path / "called.yaml").write_text(f"name: called\ntrigger: webhook\nwhen: object.percent < 50\n{steps}")
    (tmp_path / "called.test.yaml").write_text(
        "- {given: {webhook: {percent: 7}}, expect: {requests: [{path: /v1/coupons, params: {percent_off: 7}}]}}\n"
        "- {given: {webhook: {percent: 70}}, expect: {state: SKIPPED}}\n"
    )
    done = CliRunner().invoke(workflow.app, ["test", "-f", str(tmp_path / "called.yaml")])
    assert (done.exit_code, done.stdout.count("✓")) == (0, 2), done.stdout
