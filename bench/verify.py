"""How long does VERIFY take with every answer 50 ms away? Requests, seconds, and writes that Stripe accepted.

The limit is what the rate budgets of a test-mode account leave no way around: 25 requests a second, a tenth of them
at once. The peer is the same probes one after the other, as a script would send them. One run, one sandbox, limits on.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import open_house

LATENCY = 0.05
A_SECOND, GOAL = 25, 3.0
PUBLIC, SECRET = "pk_test_sandbox_northwind", "rk_test_sandbox_northwind"
ROUNDS = 3


async def measure(folder: Path, control: httpx.Client) -> tuple[list[float], int, int]:
    """Seconds of each VERIFY, how many requests one sends, and how many writes all of them did."""
    settings = read({"TILLWRIGHT_DATA": str(folder), "TILLWRIGHT_STRIPE_API_BASE": str(control.base_url).rstrip("/")})
    took: list[float] = []
    async with open_house(settings) as house:
        ada = await house.tenancy.create_organisation("Northwind", "ada@example.com", "correct horse battery")
        await house.integrations.connect(ada, publishable_key=PUBLIC, secret_key=Secret(SECRET))
        before = accepted(control)
        for _ in range(ROUNDS):
            await asyncio.sleep(2.5)  # the budgets fill again, as between two presses of a person
            began = time.perf_counter()
            report = await house.verification.verify(ada)
            took.append(time.perf_counter() - began)
    assert report.verified
    return took, report.requests, accepted(control) - before


def accepted(control: httpx.Client) -> int:
    """How many writes the sandbox has accepted."""
    return control.get("/_sandbox/ledger", params={"accepted": "true"}).json()["count"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "tillwright_sandbox.main", "--port", "0", "--seed", "empty"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stdout
            sandbox = next(word for line in server.stdout for word in line.split() if word.startswith("http://"))
            control = httpx.Client(base_url=sandbox.rstrip("/"))
            control.post("/_sandbox/latency", json={"seconds": LATENCY}).raise_for_status()
            took, requests, writes = asyncio.run(measure(Path(folder), control))
        finally:
            server.terminate()
            server.wait(10)
    ours, limit, serial = sorted(took)[len(took) // 2], max(LATENCY, (requests - 2.5) / A_SECOND), requests * LATENCY
    print(f"{requests} requests, each answer {LATENCY * 1000:.0f} ms away; {os.cpu_count()} processors, "
          f"Python {platform.python_version()}\n")  # fmt: skip
    for title, seconds in (("ours", ours), ("limit: the account's rate", limit), ("one after the other", serial)):
        print(f"  {title:<30} {seconds:6.2f} s")
    print(f"\n  rounds: {', '.join(f'{seconds:.2f}' for seconds in took)} s; writes accepted: {writes}\n")
    print(json.dumps({
        "bench": "verify", "unit": "s", "ours": round(ours, 2), "peer": {"one after the other": round(serial, 2)},
        "limit": round(limit, 2), "ours_to_limit": round(ours / limit, 2), "ours_to_best_peer": round(ours / serial, 2),
        "goal": f"<= {GOAL} s", "met": ours <= GOAL,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
