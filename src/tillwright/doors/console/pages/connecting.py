"""The Connect Stripe dialog: two keys, a look at whose they are, and only then the saving."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tillwright.domains.verification.permissions import key_page, wanted_rights
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Conflict, Denied, Invalid, Problem, TillwrightError, Upstream
from tillwright.kit.seal import Secret

PATH = "/integrations/stripe/connect"


async def form(visit: Visit) -> Response:
    """The dialog's form as a page of its own, for a browser without scripts."""
    visit.principal.require("integration:write")
    if visit.shell.stripe:
        return visit.go("/integrations/stripe")
    return visit.html("pages/connect.html", section="integrations", **empty_form())


async def connect(visit: Visit) -> Response:
    """Look at whose the keys are; once that was confirmed, save them.

    Complaints come back beside their fields; the secret key never does.
    """
    publishable, secret = visit.text("publishableKey"), Secret(visit.text("secretKey"))
    confirmed = visit.text("confirmed").split()
    try:
        if len(confirmed) == 2:
            await visit.house.integrations.connect(
                visit.principal,
                publishable_key=publishable,
                secret_key=secret,
                confirmed=(confirmed[0], confirmed[1]),
            )
            return visit.go("/integrations/stripe", done="connected")
        return await _found(visit, publishable, secret)
    except (Invalid, Conflict, Denied, Upstream) as error:
        if error.code == "other_account_confirmed":
            return await _found(visit, publishable, secret)
        return _refused(visit, error, publishable)


async def _found(visit: Visit, publishable: str, secret: Secret) -> Response:
    found, report = await visit.house.verification.examine(
        visit.principal, publishable_key=publishable, secret_key=secret
    )
    shown = empty_form() | {"publishable_key": publishable, "found": found, "report": report}
    if not visit.partial:
        return visit.html("pages/connect.html", section="integrations", **shown)
    # The form stays as it is, with the secret key in it: only its foot is replaced.
    answer = visit.html("parts/connect_found.html", section="integrations", **shown)
    answer.headers["hx-retarget"], answer.headers["hx-reswap"] = "#connect-found", "outerHTML"
    return answer


def _refused(visit: Visit, error: TillwrightError, publishable: str) -> Response:
    shown = empty_form() | {"publishable_key": publishable, "problems": problems_of(error)}
    template = "parts/connect_form.html" if visit.partial else "pages/connect.html"
    return visit.html(template, status=STATUS[error.family], section="integrations", **shown)


def problems_of(error: TillwrightError) -> list[Problem]:
    """Each complaint of an error, for the form that shows it beside its field."""
    if isinstance(error, Invalid):
        return list(error.problems)
    return [Problem(error.code, error.sentence, error.field, error.remedy)]


def empty_form() -> dict[str, Any]:
    """What the dialog needs before anything was typed."""
    return {
        "problems": [],
        "publishable_key": "",
        "permissions": wanted_rights(),
        "key_page": key_page(),
        "found": None,
        "report": None,
    }


PAGES = (("GET", PATH, form), ("POST", PATH, connect))
