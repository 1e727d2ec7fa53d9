"""Reads from the probes' answers what a report says besides permissions: pure."""

from __future__ import annotations

from tillwright.domains.integrations.identity import read_account
from tillwright.domains.integrations.ownership import is_for_connect, organisation_of
from tillwright.domains.verification.probe import Probed
from tillwright.domains.verification.report import Account

FULL_KEY = (
    "This is a full secret key: it can do everything in the account. "
    "Make a restricted key with only the permissions listed here."
)
SKEWED = "This machine's clock is {:+.0f} s off Stripe's: set it by NTP, or webhook signatures will be refused."
MOST_SKEW = 30.0


def account(probed: Probed) -> Account:
    answer = probed.answers.get("connected_account_read")
    if answer is None:
        return Account(id=probed.account_named)
    identity = read_account(answer.body)
    return Account(identity.account_id, identity.name, identity.country, identity.currency, identity.capabilities)


def endpoints(probed: Probed) -> dict[str, int] | None:
    answer = probed.answers.get("webhook_write")
    if answer is None:
        return None
    states = [endpoint.get("status") for endpoint in answer.items]
    return {"enabled": states.count("enabled"), "disabled": states.count("disabled")}


def advice(probed: Probed, *, restricted: bool, skew: float | None) -> tuple[str, ...]:
    said: list[str] = []
    if not restricted:
        said.append(FULL_KEY)
    excess = [finding.right for finding in probed.findings if finding.state == "excess"]
    if excess:
        said.append(f"The key has more permissions than it needs: take away {', '.join(excess)}.")
    if skew is not None and abs(skew) > MOST_SKEW:
        said.append(SKEWED.format(skew))
    return tuple(said)


def our_endpoint(probed: Probed, organisation_id: str) -> str | None:
    """`enabled`, `disabled`, `none`, or None where the key may not see the endpoints. Not the one for Connect."""
    answer = probed.answers.get("webhook_write")
    if answer is None:
        return None
    ours = [each for each in answer.items if organisation_of(each) == organisation_id and not is_for_connect(each)]
    states = [each.get("status") for each in ours]
    return "enabled" if "enabled" in states else "disabled" if states else "none"
