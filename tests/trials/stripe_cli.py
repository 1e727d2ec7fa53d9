"""The official Stripe CLI's 123 trigger fixtures against the sandbox: an independent judge of how faithful it is.

A fixture passes when every call it makes is answered as the CLI expects (it exits 0) and the event it is named for is
then seen in /v1/events. The CLI comes from npm into a cache outside the project; without npm this says so and fails.

    python -m tests.trials.stripe_cli [NAME …]     # all fixtures, or only these
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import httpx

VERSION = "1.52.0"
FLOOR = 95
# An account opened years ago: the fixtures use forms of parameters that later versions dropped, and give no return_url.
KEY = "sk_test_sandbox_oldmill"
# Fixtures whose name is not the type of the event they bring about.
EVENT = {
    "issuing_authorization.request.eu": "issuing_authorization.request",
    "issuing_authorization.request.gb": "issuing_authorization.request",
    "issuing_card.created.eu": "issuing_card.created",
    "issuing_card.created.gb": "issuing_card.created",
    "issuing_cardholder.created.eu": "issuing_cardholder.created",
    "issuing_cardholder.created.gb": "issuing_cardholder.created",
    "subscription.payment_succeeded": "invoice.payment_succeeded",
    "subscription.payment_failed": "invoice.payment_failed",
}


class Outcome(NamedTuple):
    name: str
    passed: bool
    reason: str


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tillwright" / f"stripe-cli-{VERSION}"


def installed() -> Path | None:
    """The CLI's binary, fetched by npm if need be; None where there is no npm, or npm can't fetch it."""
    folder = cache()
    binary = folder / "node_modules" / ".bin" / "stripe"
    if binary.exists():
        return binary
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", f"@stripe/cli@{VERSION}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
    return binary if binary.exists() else None


class Cli:
    """The CLI in a home of its own, so that it neither reads nor writes anybody's settings."""

    def __init__(self, binary: Path, url: str, home: Path) -> None:
        self.binary, self.url = binary, url
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
            # Its look for a newer version is sent nowhere.
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.binary), *arguments], env=self.env, capture_output=True, text=True, timeout=60, check=False
        )

    def names(self) -> list[str]:
        shown = self.run("trigger", "--help").stdout
        block = shown.split("Supported events:", 1)[1].split("Usage:", 1)[0]
        return block.split()

    def trigger(self, name: str) -> Outcome:
        before = newest_event(self.url)
        done = self.run("trigger", name, "--api-key", KEY, "--api-base", self.url)
        if done.returncode != 0 or "Trigger succeeded" not in done.stdout + done.stderr:
            return Outcome(name, False, reason(done.stdout + done.stderr))
        wanted = EVENT.get(name, name)
        deadline = time.monotonic() + 3
        while True:
            types = types_since(self.url, before)
            if wanted in types:
                return Outcome(name, True, "")
            if time.monotonic() > deadline:
                return Outcome(name, False, f"no {wanted} event; seen: {', '.join(sorted(types)) or 'none'}")
            time.sleep(0.1)


def reason(output: str) -> str:
    """Stripe's message out of the CLI's output, or its last line."""
    found = re.search(r'"message":\s*"((?:[^"\\]|\\.)*)"', output)
    if found:
        return found.group(1)
    lines = [line for line in output.splitlines() if line.strip() and "Checking for new versions" not in line]
    return lines[-1].strip() if lines else "no output"


def newest_event(url: str) -> str | None:
    rows = _events(url, {"limit": 1})
    return rows[0]["id"] if rows else None


def types_since(url: str, before: str | None) -> set[str]:
    return {row["type"] for row in _events(url, {"limit": 100, **({"ending_before": before} if before else {})})}


def _events(url: str, query: dict[str, object]) -> list[dict[str, str]]:
    answer = httpx.get(
        f"{url}/v1/events",
        params={name: str(value) for name, value in query.items()},
        headers={"Authorization": f"Bearer {KEY}"},
        trust_env=False,
    )
    answer.raise_for_status()
    return answer.json()["data"]


class Sandbox:
    """The real command on a free port, with limits off: the CLI does not pace itself."""

    def __enter__(self) -> str:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tillwright_sandbox.main", "--port", "0", "--seed", "empty", "--no-limits"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("ready "):
                return line.split()[1]
        raise SystemExit("The sandbox did not start.")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


def main(only: list[str] | None = None) -> int:
    """Exit code: 0 when at least FLOOR fixtures pass (or all of those asked for)."""
    binary = installed()
    if binary is None:
        print(
            f"NOT RUN: the Stripe CLI {VERSION} is needed, and npm is missing or could not fetch it.", file=sys.stderr
        )
        return 1
    with Sandbox() as url, tempfile.TemporaryDirectory() as home:
        cli = Cli(binary, url, Path(home))
        outcomes = [cli.trigger(name) for name in only or cli.names()]
    for outcome in outcomes:
        print(
            f"{'pass' if outcome.passed else 'FAIL'}  {outcome.name}"
            + (f": {outcome.reason}" if outcome.reason else "")
        )
    passed = sum(outcome.passed for outcome in outcomes)
    floor = len(outcomes) if only else FLOOR
    print(f"stripe-cli: {passed} of {len(outcomes)} trigger fixtures pass (at least {floor} must)")
    return 0 if passed >= floor else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
