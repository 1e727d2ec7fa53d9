"""Two real processes sweep and are killed with -9: every notice goes out, and goes out once."""

from __future__ import annotations

from tests.conftest import START
from tests.domains.entitlements.killing import trial
from tillwright.kit.seal import Secret


def test_twenty_kills_of_two_sweepers(database_url: Secret, organisation: str) -> None:
    sent = trial(database_url.reveal(), organisation, START, kills=20, count=30, seed=20270115)
    print(f"{sent} notices")
    assert sent > 100
