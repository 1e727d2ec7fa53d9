"""Names an effect: its idempotency key and its own id are pure functions of what was meant."""

from __future__ import annotations

from tillwright.kit import ids
from tillwright.kit.errors import Invalid


def key(organisation_id: str, run_id: str, step: str, attempt: int) -> str:
    """The idempotency key Stripe sees: the same intent has the same key in every process and after every restart.

    Args:
        attempt: 1 for the first; another one is a new intent, such as charging a declined card once more.
    """
    return "tw_" + _digest("idempotency", organisation_id, run_id, step, attempt)


def effect_id(organisation_id: str, run_id: str, step: str, attempt: int) -> str:
    """The effect's own id, which is also the mark on the object it makes."""
    return "fx_" + _digest("effect", organisation_id, run_id, step, attempt)


def _digest(purpose: str, organisation_id: str, run_id: str, step: str, attempt: int) -> str:
    if type(attempt) is not int or attempt < 1:
        raise Invalid("attempt_malformed", "An attempt is a whole number from 1.", field="attempt")
    if not (organisation_id and run_id and step):
        raise Invalid("effect_unnamed", "An effect needs an organisation, a run and a step.", field="step")
    return ids.digest(purpose, organisation_id, run_id, step, str(attempt))
