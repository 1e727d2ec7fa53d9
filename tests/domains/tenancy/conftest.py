"""An organisation with people, and a mail server of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.domains.tenancy.people import People
from tillwright.gateways.database import Database
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Seal
from tillwright_sandbox.mailsink import MailSink

PASSWORD = "correct horse battery"


@pytest.fixture
def tenancy(clock: ManualClock, database: Database) -> Tenancy:
    return Tenancy(clock=clock, database=database)


@pytest.fixture
async def admin(tenancy: Tenancy) -> Principal:
    return await tenancy.create_organisation("Northwind", "ada@example.com", PASSWORD, person="Ada")


@pytest.fixture
def sink() -> Iterator[MailSink]:
    sink = MailSink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def people(clock: ManualClock, database: Database, seal: Seal, sink: MailSink) -> People:
    mailer = SmtpMailer("127.0.0.1", sink.port, sender="Tillwright <till@example.com>", deadline=5)
    return People(clock=clock, database=database, seal=seal, mailer=mailer, public_url="https://till.example.com")


def link_in(mail: dict) -> str:
    """The token in an invitation's link."""
    found = re.search(r"https://till\.example\.com/invitation/([A-Za-z0-9_-]{43})\s", mail["text"])
    assert found, mail["text"]
    return found[1]
