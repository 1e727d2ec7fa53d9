"""Making an entitlement by hand: for a customer and a product that the mirror knows."""

from __future__ import annotations

from typing import Any

from tillwright.domains.entitlements import recording, wishes
from tillwright.domains.entitlements.changes import rfc3339
from tillwright.domains.entitlements.following import customer_names
from tillwright.domains.entitlements.model import Entitlement, Source
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid


class Maker:
    def __init__(self, *, clock: Clock, database: Database, integrations: Integrations, mirror: Mirror) -> None:
        self._clock = clock
        self._database = database
        self._integrations = integrations
        self._mirror = mirror

    async def make(self, principal: Principal, **given: Any) -> Entitlement:
        """As `Entitlements.create` says."""
        principal.require("entitlement:write")
        now = self._clock.now()
        wish = wishes.wish(now=now, **given)
        integration = await self._integrations.of(principal.organisation_id)
        async with self._database.tenant(principal.organisation_id) as tx:
            livemode = integration.livemode
            customer = await self._mirrored(tx, "customer", wish.buyer_id, livemode, "buyerId")
            price = await self._mirrored(tx, "price", wish.price_id, livemode, "offerId")
            product_id = wish.product_id or str((price or {}).get("product") or "")
            product = await self._mirrored(tx, "product", product_id or None, livemode, "productId")
            product_name = str((product or {}).get("name") or product_id)
            buyer_name, buyer_email = customer_names(customer or {})
            made_id = ids.new("ent")
            over = wish.end is not None and wish.end <= now
            made = Entitlement(
                id=made_id,
                organisation_id=principal.organisation_id,
                livemode=livemode,
                account_id=integration.account_id,
                kind="MANUAL",
                source=Source("manual", made_id, ""),
                status="CANCELLED" if over else "PENDING_START" if wish.start > now else "ACTIVE",
                name=wish.name or product_name,
                named=bool(wish.name),
                held=True,
                buyer_id=wish.buyer_id,
                buyer_name=buyer_name,
                buyer_email=buyer_email,
                product_id=product_id or None,
                product_name=product_name,
                price_id=wish.price_id,
                start=wish.start,
                end=wish.end,
                renews=None,
                info={},
                meta={},
                notice_days=None,
                notices=None,
                check=None,
                version=1,
                created=now,
                updated=now,
            )
            saved = await recording.save(tx, None, made, now)
            said = {"buyerId": wish.buyer_id, "endTime": rfc3339(wish.end)}
            await recording.note(tx, principal, "create", saved, said, now)
            return saved

    async def _mirrored(
        self, tx: Tx, object_type: str, object_id: str | None, livemode: bool, field: str
    ) -> dict[str, Any] | None:
        if not object_id:
            return None
        try:
            found = await self._mirror.get(tx, object_type, object_id, livemode=livemode)
        except Absent as error:
            raise Invalid("object_unknown", error.sentence, field=field, remedy=error.remedy) from None
        if found.deleted:
            raise Invalid("object_deleted", f"{object_id} was deleted.", field=field, remedy="Take another one.")
        return found.body
