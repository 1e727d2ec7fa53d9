"""Editing an integration: its settings, a pause, and a new key."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tillwright.domains.integrations import Integration
from tillwright.doors.console.pages.connecting import problems_of
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid, TillwrightError, Upstream
from tillwright.kit.seal import Secret

PATH = "/integrations/stripe"
_REFUSALS = (Invalid, Conflict, Denied, Upstream)


async def form(visit: Visit) -> Response:
    """The settings as they are."""
    visit.principal.require("integration:write")
    return _shown(visit, _typed_of(_stripe(visit)))


async def save(visit: Visit) -> Response:
    """Save what was typed, unless somebody else was faster."""
    typed = {
        "display_name": visit.text("displayName").strip(),
        "connect_client_id": visit.text("connectClientId").strip(),
        "end_soon": visit.text("enableEntitlementEndSoonNotification") == "on",
        "days": visit.text("daysBeforeEntitlementEnd").strip(),
        "renew_soon": visit.text("enableEntitlementRenewSoonNotification") == "on",
        "renewal_days": visit.text("daysBeforeEntitlementRenewal").strip(),
        "version": visit.text("version"),
    }
    settings = {
        "display_name": typed["display_name"],
        "connect_client_id": typed["connect_client_id"],
        "enable_entitlement_end_soon_notification": typed["end_soon"],
        "days_before_entitlement_end": _whole(str(typed["days"])),
        "enable_entitlement_renew_soon_notification": typed["renew_soon"],
        "days_before_entitlement_renewal": _whole(str(typed["renewal_days"])),
    }
    try:
        await visit.house.integrations.update(visit.principal, expected_version=_version(visit), settings=settings)
    except _REFUSALS as error:
        return _shown(visit, typed, error)
    return visit.go(PATH, done="edited")


async def pause(visit: Visit) -> Response:
    """Stop every call with the key."""
    await visit.house.integrations.update(visit.principal, expected_version=_version(visit), settings={"paused": True})
    return visit.go(PATH, done="stripe-paused")


async def resume(visit: Visit) -> Response:
    """Let what waited go on."""
    await visit.house.integrations.update(visit.principal, expected_version=_version(visit), settings={"paused": False})
    return visit.go(PATH, done="stripe-resumed")


async def key_form(visit: Visit) -> Response:
    """Where a new key is entered."""
    visit.principal.require("integration:write")
    return visit.html("pages/rotate.html", section="integrations", integration=_stripe(visit), problems=[])


async def rotate(visit: Visit) -> Response:
    """Prove the new key as good as the present one, then put it in place."""
    integration = _stripe(visit)
    try:
        await visit.house.rotation.rotate(
            visit.principal,
            expected_version=_version(visit),
            publishable_key=visit.text("publishableKey").strip() or None,
            secret_key=Secret(visit.text("secretKey")),
        )
    except _REFUSALS as error:
        return visit.html(
            "pages/rotate.html",
            status=STATUS[error.family],
            section="integrations",
            integration=integration,
            problems=problems_of(error),
        )
    return visit.go(PATH, done="rotated")


async def end_overlap(visit: Visit) -> Response:
    """Erase the earlier key before its time is over."""
    await visit.house.integrations.end_overlap(visit.principal)
    return visit.go(PATH, done="overlap-ended")


def _stripe(visit: Visit) -> Integration:
    if visit.shell.stripe is None:
        raise Absent("integration_absent", "Stripe is not connected.", remedy="Connect it under Integrations.")
    return visit.shell.stripe


def _typed_of(integration: Integration) -> dict[str, Any]:
    settings = integration.settings
    return {
        "display_name": settings.display_name,
        "connect_client_id": settings.connect_client_id,
        "end_soon": settings.enable_entitlement_end_soon_notification,
        "days": str(settings.days_before_entitlement_end),
        "renew_soon": settings.enable_entitlement_renew_soon_notification,
        "renewal_days": str(settings.days_before_entitlement_renewal),
        "version": str(integration.version),
    }


def _shown(visit: Visit, typed: dict[str, Any], error: TillwrightError | None = None) -> Response:
    return visit.html(
        "pages/edit_integration.html",
        status=STATUS[error.family] if error else 200,
        section="integrations",
        typed=typed,
        integration=_stripe(visit),
        problems=problems_of(error) if error else [],
    )


def _whole(text: str) -> int | str:
    """A whole number as one; anything else as it was typed, for the check to refuse."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text


def _version(visit: Visit) -> int:
    version = _whole(visit.text("version"))
    if isinstance(version, int):
        return version
    raise Invalid("version_missing", "The form names no version.", remedy="Load the page again.")


PAGES = (
    ("GET", f"{PATH}/edit", form),
    ("POST", f"{PATH}/edit", save),
    ("POST", f"{PATH}/pause", pause),
    ("POST", f"{PATH}/resume", resume),
    ("GET", f"{PATH}/key", key_form),
    ("POST", f"{PATH}/key", rotate),
    ("POST", f"{PATH}/end-overlap", end_overlap),
)
