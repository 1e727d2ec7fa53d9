"""VERIFY over HTTP: of the connected keys, of keys that are not saved, and the reports that were kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.integrations import MAIL, PATH, only, stripe_info, text
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.seal import Secret

router = APIRouter(tags=["Verification"])
_FINDING: dict[str, JsonValue] = {
    "right": "rak_coupon_write",
    "dashboard": "Coupons: Write",
    "state": "missing",
    "required": True,
    "has": "read",
    "loses": "Workflows cannot make coupons.",
    "note": "Reading is allowed, writing is not.",
}
_REPORT: dict[str, JsonValue] = {
    "id": "vrf_01k0example0000000000000000",
    "outcome": "NOT_VERIFIED",
    "at": "2027-01-15T12:05:00+00:00",
    "by": "Ada",
    "mode": "test",
    "key_kind": "RESTRICTED",
    "key_hint": "4f2a",
    "api_version": "2026-08-26.dahlia",
    "account": {
        "id": "acct_1Example",
        "name": "Northwind",
        "country": "US",
        "currency": "usd",
        "capabilities": {"card_payments": "active"},
    },
    "findings": [_FINDING],
    "reasons": ["The key lacks one permission: rak_coupon_write."],
    "advice": [],
    "changes": ["rak_coupon_write was ok, now missing."],
    "requests": 32,
    "duration_ms": 840,
    "round_trip_ms": 21,
    "clock_skew_seconds": 0.1,
    "webhook_endpoints": {"enabled": 1, "disabled": 0},
    "endpoint": "enabled",
    "inconclusive": False,
}
_KEYS: dict[str, JsonValue] = {"publishableKey": "pk_test_example", "secretKey": "rk_test_example"}


class VerificationReport(BaseModel):
    """Every right with its state: ok, missing, excess, absent, unknown or unproven; and what was seen besides."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_REPORT]})

    id: str
    outcome: str = Field(description="VERIFIED or NOT_VERIFIED")
    at: str
    mode: str
    account: dict[str, Any]
    findings: list[dict[str, Any]]
    reasons: list[str]
    changes: list[str]


class CheckKeys(BaseModel):
    """The keys to look at; they are not kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"info": {"stripeIntegration": _KEYS}}]})

    info: dict[str, Any]


class CheckedKeys(BaseModel):
    """Whose the keys are, and what they may do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "livemode": False,
                    "keyType": "RESTRICTED",
                    "accountId": "acct_1Example",
                    "accountName": "Northwind",
                    "report": _REPORT,
                }
            ]
        }
    )

    livemode: bool
    keyType: str  # noqa: N815
    accountId: str  # noqa: N815
    accountName: str | None  # noqa: N815
    report: VerificationReport


@router.post("/integration/check", summary="Check keys without saving", operation_id="checkIntegration")
async def check_integration(caller: Caller, house: TheHouse, body: CheckKeys) -> CheckedKeys:
    """Tells mode and account of two keys and probes every right; nothing is saved, nothing at Stripe is changed."""
    given = stripe_info(body.info)
    only(given, ("publishableKey", "secretKey"))
    proven, report = await house.verification.examine(
        caller,
        publishable_key=text(given, "publishableKey"),
        secret_key=Secret(text(given, "secretKey")),
    )
    return CheckedKeys(
        livemode=proven.pair.livemode,
        keyType=proven.pair.kind,
        accountId=proven.identity.account_id,
        accountName=proven.identity.name,
        report=VerificationReport(**report.as_json()),
    )


@router.post(PATH + "/verify", summary="Verify", operation_id="verifyIntegration")
async def verify_integration(
    caller: Caller,
    house: TheHouse,
    partner: str,
    service: str,
    to: Annotated[str | None, Query(max_length=254, description="a mail server's test message goes there")] = None,
) -> bool:
    """Probes every right with requests that change nothing; true if the status is now VERIFIED.

    A mail server is verified by a test message to the address `to`.
    """
    if (partner, service) == MAIL:
        if not to:
            raise Invalid("recipient_missing", "A test message needs an address.", field="to", remedy="Send ?to=….")
        return (await house.mail_verification.verify(caller, to)).verified
    return (await house.verification.verify(caller, partner, service)).verified


@router.get(PATH + "/verification", summary="The last report", operation_id="getVerification")
async def get_verification(caller: Caller, house: TheHouse, partner: str, service: str) -> VerificationReport:
    """Every right with its state and what to do; 404 if it was never verified."""
    await house.integrations.get(caller, partner, service)
    report = await house.verification.latest(caller.organisation_id, partner, service)
    if report is None:
        raise Absent("report_absent", "This integration was never verified.", remedy="POST …/verify first.")
    return VerificationReport(**report.as_json())


@router.get(PATH + "/verification/history", summary="Earlier reports", operation_id="listVerifications")
async def list_verifications(
    caller: Caller, house: TheHouse, partner: str, service: str, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> list[VerificationReport]:
    """The reports kept, newest first; `changes` says what each found different from the one before it."""
    await house.integrations.get(caller, partner, service)
    reports = await house.verification.history(caller.organisation_id, partner, service, limit=limit)
    return [VerificationReport(**report.as_json()) for report in reports]


@router.get(PATH + "/verification/{reportId}", summary="One report", operation_id="getVerificationReport")
async def get_verification_report(
    caller: Caller,
    house: TheHouse,
    partner: str,
    service: str,
    reportId: str,  # noqa: N803
) -> VerificationReport:
    """A kept report by its id."""
    await house.integrations.get(caller, partner, service)
    return VerificationReport(**(await house.verification.report(caller.organisation_id, reportId)).as_json())
