"""User integrations: a person's own Stripe account, connected by OAuth, read only, and let go of."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.domains.webhooks.endpoint.reach import NO_PUBLIC_ADDRESS
from tillwright.doors.console.shell import shell_of
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Conflict, Invalid, TillwrightError

PATH = "/settings/user-integrations"


async def index(visit: Visit) -> Response:
    """The caller's connections, what is missing before there can be one, and what is still owed at Stripe."""
    return await _shown(visit)


async def connect(visit: Visit) -> Response:
    """Send the browser to Stripe.

    By a page and not by a redirect: `form-action 'self'` holds for where a form's answer leads, too.
    """
    try:
        target = await visit.house.connections.begin(visit.principal, visit.session.id)
    except Conflict as error:
        return await _shown(visit, error=error)
    return visit.html("pages/leaving.html", section="user-integrations", target=target)


async def callback(visit: Visit) -> Response:
    """Where Stripe sends the browser back to. Nothing of what it brought stays in the address."""
    try:
        connection = await visit.house.connections.finish(
            visit.principal,
            visit.session.id,
            state=visit.query("state"),
            code=visit.query("code"),
            error=visit.query("error"),
        )
    except TillwrightError as error:
        return await _shown(visit, error=error)
    return visit.go(PATH, connected=connection.id)


async def disconnect(visit: Visit) -> Response:
    """Erase the link at once; Stripe is told now or, if it does not answer, later."""
    told = await visit.house.connections.disconnect(visit.principal, visit.request.path_params["id"])
    return visit.go(PATH, done="account-disconnected" if told else "account-disconnected-here")


async def dismiss(visit: Visit) -> Response:
    await visit.house.connections.dismiss_notices(visit.principal)
    return visit.go(PATH)


async def set_client_id(visit: Visit) -> Response:
    """An administrator adds what people need before Stripe can ask them."""
    wanted = {"connect_client_id": visit.text("connectClientId").strip()}
    try:
        integration = await visit.house.integrations.get(visit.principal)
        await visit.house.integrations.update(visit.principal, expected_version=integration.version, settings=wanted)
    except (Invalid, Conflict) as error:
        return await _shown(visit, error=error)
    return visit.go(PATH, done="client-id-saved")


async def _shown(visit: Visit, *, error: TillwrightError | None = None) -> Response:
    visit.shell = await shell_of(visit.house, visit.session)
    connections = visit.house.connections
    missing: TillwrightError | None = None
    try:
        await connections.platform(visit.principal)
    except Conflict as found:
        missing = found
    mine = await connections.mine(visit.principal)
    return visit.html(
        "pages/user_integrations.html",
        status=STATUS[error.family] if error else 200,
        section="user-integrations",
        connections=mine,
        connected=next((each for each in mine if each.id == visit.query("connected")), None),
        here=next((each for each in mine if each.mode == visit.shell.mode), None),
        revocations=await connections.revocations(visit.principal),
        notices=await connections.notices(visit.principal),
        missing=missing,
        stripe=visit.shell.stripe,
        ear=await _ear(visit),
        callback=f"{visit.house.settings.web.public_url}{PATH}/stripe/callback",
        error=error,
    )


async def _ear(visit: Visit) -> str:
    """How we learn that somebody took access back at Stripe: `told`, `looks`, or `unreached` where it can't tell us."""
    if visit.shell.stripe is None:
        return "looks"
    endpoint = await visit.house.webhooks.connect_endpoint(visit.organisation_id, livemode=visit.shell.stripe.livemode)
    if endpoint and (endpoint.error or {}).get("code") == NO_PUBLIC_ADDRESS:
        return "unreached"
    return "told" if endpoint and endpoint.state == "ACTIVE" else "looks"


PAGES = (
    ("GET", PATH, index),
    ("POST", f"{PATH}/stripe/connect", connect),
    ("GET", f"{PATH}/stripe/callback", callback),
    ("POST", f"{PATH}/stripe/client-id", set_client_id),
    ("POST", f"{PATH}/notices/dismiss", dismiss),
    ("POST", f"{PATH}/{{id}}/disconnect", disconnect),
)
