"""Notices of entitlements over HTTP: of one, due at a time, and what renews soon."""

from __future__ import annotations

import httpx

from tests.domains.entitlements.conftest import Firm, firm
from tests.domains.entitlements.test_renew_soon import tell_renewals
from tests.domains.entitlements.test_sweep import made
from tests.serving import serving
from tillwright.doors import api

__all__ = ["firm"]


async def test_ends_and_renewals(firm: Firm) -> None:
    await firm.warn(30)
    await tell_renewals(firm, 7)
    ending = await made(firm, 20)
    firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up()
    _, key = await firm.house.tenancy.create_api_client(firm.principal, "Backend", "VIEWER")
    async with serving(api.create_app(firm.house)) as client:

        async def get(path: str) -> httpx.Response:
            headers = {"authorization": f"Key {key.reveal()}"}
            return await client.get(f"/org/{firm.organisation_id}{path}", headers=headers)

        (renewal,) = (await get("/entitlementRenewal?days=60")).json()
        assert (renewal["noticeState"], renewal["livemode"], renewal["buyerName"]) == ("NEXT", False, "Buyer")
        assert (await get("/entitlementRenewal?days=7")).json() == []
        assert (await get("/entitlementRenewal?days=0")).status_code in (400, 422)

        coming, sent = (await get(f"/entitlement/{ending.id}/notice")).json()
        assert (coming["kind"], coming["state"], coming["offset"]) == ("END_SOON", "NEXT", 15)
        assert (sent["state"], sent["offset"]) == ("SENT", 20)
        (turn,) = (await get(f"/entitlement/{renewal['entitlementId']}/notice")).json()
        assert (turn["kind"], turn["state"], turn["time"]) == ("RENEW_SOON", "NEXT", renewal["noticeTime"])

        due = (await get(f"/entitlementNotice/due?at={renewal['noticeTime']}")).json()
        assert [(one["kind"], one["entitlementId"]) for one in due][-1] == ("RENEW_SOON", renewal["entitlementId"])
        assert (await get("/entitlementNotice/due")).json() == []
        assert (await get("/entitlementNotice/due?at=soon")).status_code in (400, 422)

        firm.clock.move((renewal["daysLeft"] - 6) * 86_400)
        await firm.keep_up()
        (told,) = (await get("/entitlementRenewal?days=7")).json()
        assert told["noticeState"] == "SENT"
        (went,) = (await get(f"/entitlement/{renewal['entitlementId']}/notice")).json()
        assert (went["kind"], went["state"]) == ("RENEW_SOON", "SENT")
        sorted_ = (await get("/entitlement/query?s=renew_time&q=(not-null renew_time)")).json()
        assert [one["id"] for one in sorted_["data"]] == [renewal["entitlementId"]]
