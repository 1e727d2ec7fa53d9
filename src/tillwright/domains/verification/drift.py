"""A refusal in the midst of work: a key was rolled, or lost a right, and no schedule would tell so soon."""

from __future__ import annotations

import logging
from datetime import timedelta

from tillwright.domains.integrations import PARTNER
from tillwright.domains.verification import watch_store
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.kit.clock import Clock
from tillwright.kit.errors import TillwrightError

CALM = timedelta(minutes=10)
"""After a doubt that proved nothing, further refusals are ignored so long: a right nobody needs is refused again and
again."""

_log = logging.getLogger(__name__)


class Drift:
    """Told of each refusal by the Stripe gateway; has the integration looked at at once."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self, access: Access, failure: StripeFailure) -> None:
        now = self._clock.now()
        try:
            async with self._database.tenant(access.organisation_id) as tx:
                if await watch_store.suspect(tx, access.organisation_id, PARTNER, now, now - CALM):
                    _log.info("%s: Stripe refused (%s); verifying at once", access.organisation_id, failure.code)
        except TillwrightError as error:
            # The call's own failure is what its caller must hear of; the schedule looks again anyway.
            _log.debug("A refusal could not be noted: %s", error)
