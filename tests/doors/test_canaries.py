"""No secret in any channel, in any spelling; and the search finds one that is planted in each.

The secrets are those the organisation really has: its keys, tokens, passwords, signing secrets and the master key.
"""

from __future__ import annotations

import base64
import io
import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace

import httpx
import psycopg
import pytest
from starlette.applications import Starlette

from tests.domains.tenancy.conftest import PASSWORD
from tests.doors.canaries import found, spellings
from tests.doors.console.conftest import csrf_of
from tests.doors.owned import Owned, ids_of, own, rows_of
from tests.sandbox.conftest import Sandbox
from tests.serving import serving
from tillwright.doors import api, console
from tillwright.doors.console.app import PAGES
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright.kit.seal import Secret
from tillwright.wiring import House
from tillwright_sandbox.mailsink import MailSink

CHANNELS = ("logs", "tables", "answers", "errors", "tracebacks", "mails")


@dataclass
class Ship:
    """The whole house with one organisation aboard, and every channel something could leak through."""

    owned: Owned
    http: httpx.AsyncClient
    log: io.StringIO
    sink: MailSink
    owner_url: Secret
    channels: dict[str, bytes] = field(default_factory=dict)

    def heard(self, channel: str, answer: httpx.Response) -> None:
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name != "set-cookie")
        self.channels[channel] = self.channels.get(channel, b"") + headers.encode() + answer.content

    def listen(self) -> dict[str, bytes]:
        """Everything that can be read from outside the sealed places."""
        self.channels["logs"] = self.log.getvalue().encode()
        self.channels["tables"] = dump(self.owner_url)
        self.channels["mails"] = repr(self.sink.shown()).encode()
        return self.channels


def dump(owner_url: Secret) -> bytes:
    """Every table of every schema of ours, as a backup would hold it."""
    whole = b""
    with psycopg.connect(owner_url.reveal()) as connection:
        tables = connection.execute(
            "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables "
            "where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (table,) in tables:
            with connection.cursor().copy(f"copy {table} to stdout") as rows:  # type: ignore[arg-type]
                for chunk in rows:
                    whole += bytes(chunk)
    return whole


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that any library logs, at its most talkative."""
    text = io.StringIO()
    listening = logging.StreamHandler(text)
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(listening)
    root.setLevel(before)


@pytest.fixture
async def ship(house: House, stripe_sandbox: Sandbox, log: io.StringIO, database_url: Secret) -> AsyncIterator[Ship]:
    sink = MailSink()
    sink.start()
    mailer = SmtpMailer("127.0.0.1", sink.port, sender="Tillwright <t@example.com>")
    house.people._mailer = house.mail_servers._common = mailer
    house.mail_servers._common = mailer
    routes = [*api.routes(house), *console.routes(house)]
    try:
        # A key that resembles no other: the sandbox's own share their ends with the public ones.
        key = stripe_sandbox.world.keys.create(stripe_sandbox.account, False, None, "rk")
        owned = await own(house, replace(stripe_sandbox, restricted_key=key.secret))
        owned.secrets["master key"] = house.settings.key_file.read_text().strip()
        # The endpoint's address is no secret of ours: Stripe shows it in every listing. What signs its deliveries is.
        for row in await rows_of(owned, "webhook_endpoints"):
            signing = house.webhooks._endpoints._seal.open(
                bytes(row["sealed_secret"]),
                organisation=owned.organisation_id,
                partner="STRIPE",
                purpose="webhook_secret_test",
            )
            owned.secrets["signing secret"] = signing.reveal()
        async with serving(Starlette(routes=routes)) as http:
            yield Ship(owned, http, log, sink, database_url)
    finally:
        sink.stop()


async def read_everything(ship: Ship) -> None:
    """Every GET of API and console, as an administrator."""
    owned = ship.owned
    guesses = [value for values in (await ids_of(owned)).values() for value in values]
    page = (await ship.http.get("/openapi.json")).json()
    for path, methods in page["paths"].items():
        if "get" not in methods:
            continue
        names = [name for name in re.findall(r"{(\w+)}", path) if name != "orgId"]
        for guess in guesses[:25] if names else [""]:
            filled = path.replace("{orgId}", owned.organisation_id).replace("{partner}", "STRIPE")
            filled = re.sub(r"{\w+}", guess.replace("/", "%2F"), filled.replace("{service}", "PAYMENT"))
            answer = await ship.http.get(filled, headers={"Authorization": f"Key {owned.key}"})
            ship.heard("answers", answer)
            if "{" not in path.replace("{orgId}", "").replace("{partner}", "").replace("{service}", ""):
                break
    form = {"csrf": csrf_of((await ship.http.get("/sign-in")).text), "email": owned.email, "password": PASSWORD}
    signed_in = await ship.http.post("/sign-in", data=form)
    assert signed_in.status_code == 303
    for module in PAGES:
        for method, path, _ in module.PAGES:
            if method == "GET":
                for guess in guesses[:12] if "{" in path else [""]:
                    ship.heard("answers", await ship.http.get(re.sub(r"{\w+}", guess, path)))


async def make_mistakes(ship: Ship) -> None:
    """Secrets in wrong places, Stripe failing in each of its ways, and a fault of our own with its traceback."""
    owned, faults = ship.owned, ship.owned.sandbox.world.faults
    headers = {"Authorization": f"Key {owned.key}"}
    path = f"/org/{owned.organisation_id}/integration"
    key = owned.secrets["Stripe key"]

    async def connect(public: str, secret: str) -> None:
        keys = {"publishableKey": public, "secretKey": secret}
        body = {
            "organizationID": owned.organisation_id, "partner": "STRIPE", "service": "PAYMENT",
            "info": {"stripeIntegration": keys},
        }  # fmt: skip
        ship.heard("errors", await ship.http.post(path, json=body, headers=headers))
        change = {"info": {"stripeIntegration": keys}}
        ship.heard("errors", await ship.http.patch(f"{path}/STRIPE/PAYMENT", json=change, headers=headers))

    for public, secret in (
        (key, key),
        ("pk_test_x", f'"{key}"'),
        ("pk_test_x", f" {key}\n"),
        ("pk_live_x", key),
        ("", key),
    ):
        await connect(public, secret)
    for fault in (
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 503},
        {"kind": "html", "status": 502},
    ):
        faults.add(**fault, times=3)
        await connect(owned.sandbox.publishable_key, key)
        ship.heard("errors", await ship.http.post(f"{path}/STRIPE/PAYMENT/verify", headers=headers))
        faults.clear()
    token = {"organizationID": owned.organisation_id, "id": owned.client_id}
    for wrong in (owned.key + "x", owned.secrets["session"], [owned.key], {"a": owned.key}):
        ship.heard("errors", await ship.http.post("/public/apiClient/accessToken", json=token | {"secret": wrong}))
    ship.http.cookies.clear()
    form = {"csrf": csrf_of((await ship.http.get("/sign-in")).text), "email": owned.email, "password": PASSWORD + "x"}
    ship.heard("errors", await ship.http.post("/sign-in", data=form))
    with psycopg.connect(ship.owner_url.reveal(), autocommit=True) as owner:
        owner.execute("alter table tillwright.credentials rename to elsewhere")
        heard = len(ship.log.getvalue())
        try:
            await connect(owned.sandbox.publishable_key, key)
            ship.heard("errors", await ship.http.post(f"{path}/STRIPE/PAYMENT/verify", headers=headers))
        except Exception as error:
            ship.channels["tracebacks"] = repr(error).encode()
        owner.execute("alter table tillwright.elsewhere rename to credentials")
    ship.channels["tracebacks"] = ship.channels.get("tracebacks", b"") + ship.log.getvalue()[heard:].encode()
    assert b"Traceback" in ship.channels["tracebacks"], "our own fault was to be logged"


async def test_no_secret_leaves_its_seal(ship: Ship) -> None:
    await read_everything(ship)
    await make_mistakes(ship)
    channels = ship.listen()
    for name in CHANNELS:
        assert len(channels[name]) > 100, f"nothing was heard on {name}"
    # The invitation's mail is its token's one right place; nobody else's secret is in a mail.
    leaks = {name: found(ship.owned.secrets, data) for name, data in channels.items()}
    print({name: len(data) for name, data in channels.items()}, sorted(ship.owned.secrets))
    assert not any(leaks.values()), {name: leak for name, leak in leaks.items() if leak}
    for name in CHANNELS:
        for how, text in spellings(ship.owned.secrets["Stripe key"]).items():
            planted = channels[name] + b" " + text + b" "
            assert found(ship.owned.secrets, planted), f"a leak planted in {name} ({how}) is not found"


async def test_leaks_planted_in_each_channel_are_heard(ship: Ship) -> None:
    """Seen to fail: what is written to the log, a table, a mail or an answer does reach the search."""
    owned, key = ship.owned, ship.owned.secrets["Stripe key"]
    logging.getLogger("tillwright.somewhere").debug("calling with %s", key)
    async with owned.house.database.tenant(owned.organisation_id) as tx:
        await owned.house.notifications.queue(
            tx, owned.organisation_id, key="leak", to="x@example.com", subject="Leak", text=f"The key is {key}."
        )
    while await owned.house.notifications.deliver_due():
        pass
    answer = httpx.Response(200, json={"key": key}, headers={"x-key": owned.key})
    ship.heard("answers", answer)
    channels = ship.listen()
    for name in ("logs", "tables", "mails", "answers"):
        assert found(owned.secrets, channels[name]), f"the leak in {name} was not found"
    invited = ship.sink.shown()[-1]["text"] + "".join(mail["text"] for mail in ship.sink.shown())
    token = re.search(r"/invitation/(\S+)", invited)
    assert token
    assert not found({"invitation": token[1]}, channels["tables"]), "an invitation's token rests nowhere"


def test_each_spelling_is_found_wherever_it_begins() -> None:
    secret = "rk_test_canary0SECRET0tail9Zq8"
    for how, text in spellings(secret).items():
        assert found({"key": secret}, b"before " + text + b" after"), how

    for before in range(7):
        data = base64.b64encode(b"x" * before + secret.encode() + b"tail")
        assert found({"key": secret}, data), before
        assert found({"key": secret}, base64.urlsafe_b64encode(b"y" * before + secret.encode())), before
    assert found({"key": secret}, b"nothing here") == []
