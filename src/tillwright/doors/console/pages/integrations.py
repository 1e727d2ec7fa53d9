"""Integrations: what can be connected, VERIFY and its reports, what has come in since, and leaving again."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tillwright.domains.integrations import Integration
from tillwright.domains.integrations.partners import PARTNERS
from tillwright.domains.verification import Finding, Report
from tillwright.doors.console import mirrored
from tillwright.doors.console.pages.connecting import empty_form
from tillwright.doors.console.shell import shell_of
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid, TillwrightError, Upstream

# What a person has to act on comes first.
_ORDER = ("missing", "unknown", "excess", "unproven", "absent", "ok")


async def index(visit: Visit) -> Response:
    """The partners that can be connected, and the ones that are."""
    integrations = await visit.house.integrations.list(visit.principal)
    return visit.html(
        "pages/integrations.html",
        section="integrations",
        partners=PARTNERS,
        connected={(i.partner, i.service): i for i in integrations},
        **empty_form(),
    )


async def show(visit: Visit) -> Response:
    """The Stripe integration."""
    _partner(visit)
    return await _shown(visit)


async def verify(visit: Visit) -> Response:
    """Probe every permission; the worker follows a good outcome with the webhook endpoint and the first reading."""
    _partner(visit)
    try:
        await visit.house.verification.verify(visit.principal)
    except (Conflict, Denied, Upstream) as error:
        return await _shown(visit, problem=error)
    return await _shown(visit) if visit.partial else visit.go("/integrations/stripe")


async def reports(visit: Visit) -> Response:
    """The reports that were kept, newest first, with what each found changed."""
    _partner(visit)
    kept = await visit.house.verification.history(visit.organisation_id, limit=100)
    return visit.html("pages/reports.html", section="integrations", reports=kept)


async def report(visit: Visit) -> Response:
    """One kept report in full."""
    _partner(visit)
    found = await visit.house.verification.report(visit.organisation_id, visit.request.path_params["id"])
    return visit.html("pages/report.html", section="integrations", report=found, findings=_sorted(found))


async def backfill(visit: Visit) -> Response:
    """How far the first reading is; the part of the page that is asked for again and again."""
    _partner(visit)
    return visit.html("parts/backfill.html", progress=await mirrored.progress(visit))


async def endpoint(visit: Visit) -> Response:
    """The state of the webhook endpoint; asked for again until it is active."""
    integration = _partner(visit)
    return visit.html("parts/endpoint.html", integration=integration, **await _endpoints(visit, integration))


async def rotate_secret(visit: Visit) -> Response:
    """Change the endpoint's signing secret."""
    _partner(visit)
    try:
        await visit.house.webhooks.rotate_secret(visit.principal)
    except (Conflict, Invalid, Upstream) as error:
        return await _shown(visit, problem=error)
    return visit.go("/integrations/stripe", done="secret-changed")


async def deletion(visit: Visit) -> Response:
    """What a deletion would take, for its dialog."""
    return visit.html("parts/stakes.html", stakes=await visit.house.removal.at_stake(visit.principal))


async def disconnect(visit: Visit) -> Response:
    """Delete the integration for good, once the organisation's name was typed."""
    if visit.text("confirm").strip() != visit.principal.organisation_name:
        return await _shown(visit, problem=not_confirmed(visit.principal.organisation_name))
    receipt = await visit.house.removal.delete_integration(visit.principal)
    visit.shell = await shell_of(visit.house, visit.session)
    return visit.html("pages/receipt.html", section="integrations", receipt=receipt)


def not_confirmed(name: str) -> Invalid:
    """Another name was typed than the organisation's."""
    return Invalid(
        "not_confirmed",
        "Nothing was disconnected: the name you typed is not your organisation's.",
        field="confirm",
        remedy=f"Type {name} exactly.",
    )


async def _shown(visit: Visit, *, problem: TillwrightError | None = None) -> Response:
    visit.shell = await shell_of(visit.house, visit.session)
    integration = _partner(visit)
    report = await visit.house.verification.latest(visit.organisation_id)
    return visit.html(
        "parts/integration.html" if visit.partial else "pages/integration.html",
        status=STATUS[problem.family] if problem else 200,
        section="integrations",
        integration=integration,
        report=report,
        findings=_sorted(report),
        progress=await mirrored.progress(visit),
        problem=problem,
        **await _endpoints(visit, integration),
    )


def _partner(visit: Visit) -> Integration:
    if visit.shell.stripe is None:
        raise Absent("integration_absent", "Stripe is not connected.", remedy="Connect it under Integrations.")
    return visit.shell.stripe


async def _endpoints(visit: Visit, integration: Integration) -> dict[str, Any]:
    """The account's own endpoint, and the one that hears of the accounts that users connected."""
    found, livemode = await visit.house.webhooks.endpoints(visit.organisation_id), integration.livemode
    return {
        "endpoint": next((each for each in found if each.livemode is livemode), None),
        "connect_endpoint": await visit.house.webhooks.connect_endpoint(visit.organisation_id, livemode=livemode),
    }


def _sorted(report: Report | None) -> list[Finding]:
    return sorted(report.findings, key=lambda finding: _ORDER.index(finding.state)) if report else []


PAGES = (
    ("GET", "/integrations", index),
    ("GET", "/integrations/stripe/reports", reports),
    ("GET", "/integrations/stripe/reports/{id}", report),
    ("GET", "/integrations/stripe", show),
    ("POST", "/integrations/stripe/verify", verify),
    ("GET", "/integrations/stripe/verify", show),
    ("GET", "/integrations/stripe/backfill", backfill),
    ("GET", "/integrations/stripe/endpoint", endpoint),
    ("POST", "/integrations/stripe/endpoint/rotate", rotate_secret),
    ("POST", "/integrations/stripe/disconnect", disconnect),
    ("GET", "/integrations/stripe/deletion", deletion),
    ("GET", "/integrations/stripe/disconnect", show),
)
