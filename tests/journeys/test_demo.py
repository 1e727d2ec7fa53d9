"""The demo as a new user meets it: one command, the main job, Ctrl-C, and the same data at the next start."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("demo"), pytest.mark.timeout(300)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "tillwright.main", "demo", *options]


def start(data: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    """The running demo and what it printed until it was ready."""
    process = subprocess.Popen(
        command("--port", str(free_port()), "--sandbox-port", str(free_port()), "--data", str(data), *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert process.stdout
    said, limit = "", time.monotonic() + 120
    while "Ctrl-C stops" not in said:
        line = process.stdout.readline()
        assert line, f"the demo ended early:\n{said}"
        assert time.monotonic() < limit, said
        said += line
    return process, said


def stop(process: subprocess.Popen[str]) -> str:
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive, f"left running: {alive}"
    return said


def test_the_main_job_unattended(repository: Path) -> None:
    done = subprocess.run(
        command("--job", str(repository / "examples" / "failed_payment.py")),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one coupon, one code, one mail" in done.stdout


def test_it_starts_says_what_to_do_stops_and_starts_again_with_its_data(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    process, said = start(data, "--connected")
    for part in ("demo@northwind.example", "pk_test_sandbox_northwind", "rk_test_sandbox_northwind", "1.", "2.", "3."):
        assert part in said
    sandbox = re.search(r"Sandbox\s+(\S+)", said)
    assert sandbox
    made = httpx.post(
        f"{sandbox[1]}/v1/customers", auth=("sk_test_sandbox_northwind", ""), data={"name": "Kept Over Night"}
    ).json()
    stop(process)

    process, said = start(data, "--connected")
    again = re.search(r"Sandbox\s+(\S+)", said)
    assert again
    kept = httpx.get(f"{again[1]}/v1/customers/{made['id']}", auth=("sk_test_sandbox_northwind", ""))
    assert kept.json()["name"] == "Kept Over Night"
    ready = re.search(r"after (\d+\.\d) s", said)
    assert ready
    stop(process)


def test_a_taken_port_is_said_so(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            command("--port", str(port), "--sandbox-port", str(free_port()), "--data", str(tmp_path)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 4
    assert f"Port {port} is in use" in done.stderr
    assert "make demo PORT=" in done.stderr
