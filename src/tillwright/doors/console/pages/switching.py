"""Switching Stripe between test and live in guided steps, and making a test copy of the organisation."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tillwright.domains.integrations import Integration
from tillwright.doors.console.pages.connecting import problems_of
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid, TillwrightError, Upstream
from tillwright.kit.seal import Secret

SWITCH, COPY = "/integrations/stripe/switch", "/settings/test-copy"
_REFUSALS = (Invalid, Conflict, Denied, Upstream)


async def form(visit: Visit) -> Response:
    """What a switch is, and where the other side's keys are entered."""
    visit.principal.require("integration:write")
    return visit.html("pages/switch.html", section="integrations", **_empty(visit))


async def switch(visit: Visit) -> Response:
    """Look at the other side; once that was confirmed, switch."""
    publishable, secret = visit.text("publishableKey"), Secret(visit.text("secretKey"))
    confirmed, version = visit.text("confirmed").split(), visit.text("version")
    shown = _empty(visit)
    shown |= {"publishable_key": publishable, "client_id": visit.text("connectClientId").strip()}
    try:
        if len(confirmed) == 2 and version.isdigit():
            await visit.house.environments.switch(
                visit.principal,
                expected_version=int(version),
                publishable_key=publishable,
                secret_key=secret,
                confirmed=(confirmed[0], confirmed[1]),
                connect_client_id=shown["client_id"],
            )
            return visit.go("/integrations/stripe", done="switched")
        preview = await visit.house.environments.preview(
            visit.principal, publishable_key=publishable, secret_key=secret
        )
    except _REFUSALS as error:
        shown |= {"problems": problems_of(error)}
        template = "parts/switch_form.html" if visit.partial else "pages/switch.html"
        return visit.html(template, status=STATUS[error.family], section="integrations", **shown)
    shown |= {"preview": preview}
    if not visit.partial:
        return visit.html("pages/switch.html", section="integrations", **shown)
    # The form stays as it is, with the secret key in it: only its foot is replaced.
    answer = visit.html("parts/switch_found.html", section="integrations", **shown)
    answer.headers["hx-retarget"], answer.headers["hx-reswap"] = "#switch-found", "outerHTML"
    return answer


async def copy_form(visit: Visit) -> Response:
    """What a test copy is."""
    visit.principal.require("organisation:write")
    return _copy_shown(visit, f"{visit.principal.organisation_name} (test)"[:100])


async def copy(visit: Visit) -> Response:
    """Make the copy and go there."""
    name = visit.text("name")
    try:
        made = await visit.house.environments.copy(visit.principal, name)
    except _REFUSALS as error:
        return _copy_shown(visit, name, error)
    await visit.house.tenancy.enter(visit.token, made.organisation_id)
    return visit.go("/", done="copied")


def _copy_shown(visit: Visit, name: str, error: TillwrightError | None = None) -> Response:
    return visit.html(
        "pages/test_copy.html",
        status=STATUS[error.family] if error else 200,
        section="test-copy",
        name=name,
        problems=problems_of(error) if error else [],
    )


def _empty(visit: Visit) -> dict[str, Any]:
    return {
        "integration": _stripe(visit),
        "problems": [],
        "publishable_key": "",
        "client_id": "",
        "preview": None,
    }


def _stripe(visit: Visit) -> Integration:
    if visit.shell.stripe is None:
        raise Absent("integration_absent", "Stripe is not connected.", remedy="Connect it under Integrations.")
    return visit.shell.stripe


PAGES = (
    ("GET", SWITCH, form),
    ("POST", SWITCH, switch),
    ("GET", COPY, copy_form),
    ("POST", COPY, copy),
)
