"""The whole product as separate processes against a test's database: sandbox Stripe with mail sink, web, workers."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import psycopg
import stripe
from psycopg.rows import dict_row

from tillwright.domains.tenancy import Principal
from tillwright.kit.seal import Secret
from tillwright.settings import Settings, read
from tillwright.wiring import House, open_house

PUBLISHABLE_KEY = "pk_test_sandbox_northwind"
SECRET_KEY = "sk_test_sandbox_northwind"
RESTRICTED_KEY = "rk_test_sandbox_northwind"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition: Callable[[], Any], what: str, seconds: float = 60.0, pause: float = 0.02) -> Any:
    """The condition's first true value."""
    start = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - start < seconds, f"not within {seconds} s: {what}"
        time.sleep(pause)
    return found


@dataclass
class Plant:
    """Processes are known by their `Popen`; nothing else is ever killed."""

    url: Secret
    folder: Path
    environment: Mapping[str, str]
    sandbox_url: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    logs: list[IO[bytes]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return read(self.environment)

    @property
    def stripe(self) -> stripe.StripeClient:
        return stripe.StripeClient(
            SECRET_KEY, base_addresses={"api": self.sandbox_url}, stripe_version="2026-08-26.dahlia"
        )

    def start(self, name: str, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        self.logs.append(log)
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], env=self.environment, stdout=log, stderr=log
        )
        self.processes.append(process)
        return process

    def start_worker(self, name: str) -> subprocess.Popen[bytes]:
        """Returns at once; `wait_for_worker` tells when it works."""
        return self.start(name, "tillwright.main", "worker")

    def wait_for_worker(self, process: subprocess.Popen[bytes]) -> None:
        query = "select 1 from tillwright.workers where pid = %s and state = 'ALIVE'"
        until(lambda: self.rows(query, process.pid), f"worker {process.pid} is up")

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """As the owner, over all organisations."""
        with psycopg.connect(self.url.reveal(), autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.sandbox_url}/_sandbox/mails", params={"to": address}, timeout=10)
        return answer.json()["data"]

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    async def connect(self) -> tuple[House, Principal]:
        """An organisation with Stripe connected, verified and its webhook endpoint registered."""
        async with open_house(self.settings) as house:
            principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long password")
            await house.integrations.connect(
                principal, publishable_key=PUBLISHABLE_KEY, secret_key=Secret(RESTRICTED_KEY)
            )
            report = await house.verification.verify(principal)
            assert report.outcome == "VERIFIED", report
            await house.webhooks.register(principal.organisation_id)
            await house.automation.save_example(principal, "win_back_failed_payment", activate=True)
        return house, principal

    def failing_subscription(self, email: str) -> Any:
        """A customer whose card is declined, and the subscription whose first invoice fails; returns the customer."""
        client = self.stripe
        customer = client.v1.customers.create({"name": "Ada Example", "email": email})
        card = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
        client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
        product = client.v1.products.create({"name": "Studio plan"})
        price = client.v1.prices.create(
            {"product": product.id, "currency": "eur", "unit_amount": 4900, "recurring": {"interval": "month"}}
        )
        client.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id}], "payment_behavior": "allow_incomplete"}
        )
        return customer


@contextmanager
def workers_only(url: Secret, folder: Path, api_base: str, **more: str) -> Iterator[Plant]:
    """A plant with nothing running yet, for workers that read a Stripe that is there already; `more` are settings."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TILLWRIGHT_")} | {
        "TILLWRIGHT_DATA": str(folder / "data"),
        "TILLWRIGHT_DATABASE_URL": url.reveal(),
        "TILLWRIGHT_STRIPE_API_BASE": api_base,
        **more,
    }
    made = Plant(url, folder, environment, api_base)
    try:
        yield made
    finally:
        for process in reversed(made.processes):
            if process.poll() is None:
                process.kill()
            process.wait(10)
        for log in made.logs:
            log.close()


@contextmanager
def plant(url: Secret, folder: Path) -> Iterator[Plant]:
    """Sandbox and web, running; workers are started by the test."""
    web, api, smtp = free_port(), free_port(), free_port()
    settings = {
        "TILLWRIGHT_PORT": str(web),
        "TILLWRIGHT_SMTP_PORT": str(smtp),
        "TILLWRIGHT_MAIL_FROM": "Northwind <billing@northwind.example>",
    }
    with workers_only(url, folder, f"http://127.0.0.1:{api}", **settings) as made:
        made.start(
            "sandbox", "tillwright_sandbox.main", "--port", str(api), "--smtp-port", str(smtp),
            "--no-limits", "--fast-retries",
        )  # fmt: skip
        made.start("web", "tillwright.main", "serve")
        until(lambda: _answers(f"http://127.0.0.1:{api}/_sandbox/health"), "the sandbox answers")
        until(lambda: _answers(f"http://127.0.0.1:{web}/healthz"), f"the web answers; {made.log_of('web')}")
        yield made


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def faults_in(log: str) -> list[str]:
    """Lines that tell of a mistake of ours."""
    return [line for line in log.splitlines() if re.search(r"Traceback|ERROR|Exception", line)]
