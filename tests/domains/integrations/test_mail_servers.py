"""A mail server as a second partner: connected, proven by a test message, used, left; against real SMTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.conftest import make_organisation
from tests.gateways.mail.test_smtp import letter
from tillwright.domains.integrations import Credentials
from tillwright.domains.integrations.mail_server import read
from tillwright.domains.integrations.mail_servers import MailServers
from tillwright.domains.integrations.partners import PARTNERS
from tillwright.domains.notifications import MessageState, Notifications
from tillwright.domains.tenancy import Principal
from tillwright.domains.tenancy.people import People
from tillwright.domains.verification import MailVerification
from tillwright.gateways.mail import MailUnavailable
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright.gateways.outgoing.address import Address
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid
from tillwright.kit.seal import Seal, Secret
from tillwright.wiring import House
from tillwright_sandbox.mailsink import MailSink

GOOD = {"host": "127.0.0.1", "tls": "none", "user": "", "sender": "Shop <shop@northwind.example>"}


@pytest.fixture
def own() -> Iterator[MailSink]:
    """The organisation's mail server."""
    sink = MailSink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def common() -> Iterator[MailSink]:
    """Everybody's."""
    sink = MailSink()
    sink.start()
    yield sink
    sink.stop()


class Post:
    """The rooms of mail, with loopback opened."""

    def __init__(self, house: House, seal: Seal, principal: Principal, common: MailSink) -> None:
        mailer = SmtpMailer("127.0.0.1", common.port, sender="Tillwright <us@tillwright.example>", deadline=5)
        self.principal, self.house = principal, house
        self.servers = MailServers(
            database=house.database,
            clock=house.clock,
            credentials=Credentials(seal),
            common=mailer,
            opened=[ip_network("127.0.0.0/8")],
            deadline=5,
        )
        self.verification = MailVerification(
            database=house.database, clock=house.clock, servers=self.servers, verification=house.verification
        )

    async def send(self, key: str) -> MessageState:
        outbox = Notifications(
            **{"clock": self.house.clock, "database": self.house.database},
            mailer=self.servers._common,
            mailer_of=self.servers.mailer_of,
        )
        message = await outbox.send(
            self.principal.organisation_id, key=key, to="ada@example.com", subject="Hello", text="Hello"
        )
        return message.state


@pytest.fixture
async def post(house: House, seal: Seal, common: MailSink) -> Post:
    organisation = await make_organisation(house.database, "Northwind")
    return Post(house, seal, Principal(organisation, "USER", "usr_ada", "Ada", "ADMIN"), common)


def given(sink: MailSink, **changes: Any) -> dict[str, Any]:
    return GOOD | {"port": sink.port} | changes


async def test_its_whole_life(post: Post, own: MailSink, common: MailSink) -> None:
    made = await post.servers.connect(post.principal, given(own), None)
    assert (made.partner, made.service, made.status) == ("EMAIL", "SMTP", "CREATED")
    assert await post.send("one") is MessageState.SENT
    assert (len(common.shown()), len(own.shown())) == (1, 0), "not proven yet, so not used"

    report = await post.verification.verify(post.principal, "ada@example.com")
    assert report.verified
    (message,) = own.shown()
    assert message["recipients"] == ["ada@example.com"]
    assert "test message" in message["subject"]
    assert (await post.house.integrations.get(post.principal, "EMAIL", "SMTP")).status == "VERIFIED"
    assert await post.send("two") is MessageState.SENT
    assert (len(common.shown()), len(own.shown())) == (1, 2), "from here on by the organisation's own server"

    changed = await post.servers.update(
        post.principal, expected_version=1, given={"sender": "Northwind <hello@northwind.example>"}, password=None
    )
    assert (changed.status, changed.version) == ("CREATED", 2)
    with pytest.raises(Conflict):
        await post.servers.update(post.principal, expected_version=1, given={}, password=None)
    receipt = await post.house.removal.delete_integration(post.principal, "EMAIL", "SMTP")
    assert receipt.left == []
    assert await post.send("three") is MessageState.SENT
    assert (len(common.shown()), len(own.shown())) == (2, 2)
    with pytest.raises(Absent):
        await post.verification.verify(post.principal, "ada@example.com")
    async with post.house.database.tenant(post.principal.organisation_id) as tx:
        rows = await (
            await tx.execute("select name from spine_events where name like 'integration:%%' order by id")
        ).fetchall()
    assert [row["name"] for row in rows] == [
        "integration:EMAIL:created",
        "integration:EMAIL:verified",
        "integration:EMAIL:updated",
        "integration:EMAIL:deleted",
    ]


async def test_a_server_that_refuses_or_is_away_is_said_so(post: Post, own: MailSink) -> None:
    port = own.port
    await post.servers.connect(post.principal, given(own), None)
    own.stop()
    report = await post.verification.verify(post.principal, "ada@example.com")
    assert not report.verified
    assert report.findings[0].state == "missing"
    assert str(port) in report.reasons[0]
    assert (await post.house.integrations.get(post.principal, "EMAIL", "SMTP")).status == "NOT_VERIFIED"


async def test_our_own_network_is_not_reached_by_a_form(post: Post) -> None:
    closed = MailServers(
        database=post.house.database, clock=post.house.clock, credentials=post.servers._credentials,
        common=post.servers._common,
    )  # fmt: skip
    for host in ("127.0.0.1", "localhost", "10.0.0.8", "169.254.169.254"):
        with pytest.raises(Invalid) as caught:
            await closed.connect(post.principal, GOOD | {"host": host, "port": 25}, None)
        assert caught.value.field == "host"
    assert await post.house.integrations.list(post.principal) == []


async def test_a_name_that_changes_its_meaning_leads_nowhere_else(post: Post, own: MailSink, common: MailSink) -> None:
    meanings = [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.9"], ["127.0.0.1", "10.0.0.8"]]
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[Address]:
        asked.append(host)
        return [ip_address(one) for one in meanings[len(asked) - 1]]

    post.servers._resolve = rebinding
    # No resolver of this machine knows the name: whoever looked it up again on the way would reach nothing.
    await post.servers.connect(post.principal, given(own, host="mail.rebinding.test"), None)
    assert (await post.verification.verify(post.principal, "ada@example.com")).verified
    assert len(asked) == 2, "once for each use"
    assert len(own.shown()) == 1
    with pytest.raises(MailUnavailable):
        # 127.0.0.9 is opened too, but nobody listens there: the judged address is dialled, and no other.
        await (await post.servers.mailer_of(post.principal.organisation_id)).send(letter())
    with pytest.raises(MailUnavailable, match="not on the public internet"):
        await post.servers.mailer_of(post.principal.organisation_id)
    assert (len(own.shown()), len(common.shown())) == (1, 0)


async def test_an_invitation_leaves_by_the_organisations_own(
    post: Post, own: MailSink, common: MailSink, seal: Seal
) -> None:
    people = People(
        clock=post.house.clock, database=post.house.database, seal=seal, mailer=post.servers._common,
        public_url="https://till.example.com", mailer_of=post.servers.mailer_of,
    )  # fmt: skip
    await post.servers.connect(post.principal, given(own), None)
    await people.invite(post.principal, "grace@example.com", "VIEWER")
    assert (len(common.shown()), len(own.shown())) == (1, 0), "not proven yet"
    await post.verification.verify(post.principal, "ada@example.com")
    await people.invite(post.principal, "grace@example.com", "VIEWER")
    assert "shop@northwind.example" in own.shown()[0]["from"]
    assert (len(common.shown()), len(own.shown())) == (1, 2)


async def test_a_password_is_sealed_and_does_not_follow_to_another_server(post: Post, own: MailSink) -> None:
    secured = given(own, user="shop", tls="starttls")
    await post.servers.connect(post.principal, secured, Secret("canary-password"))
    async with post.house.database.tenant(post.principal.organisation_id) as tx:
        dump = str(await (await tx.execute("select * from integrations")).fetchall())
        sealed = await (await tx.execute("select * from credentials")).fetchall()
    assert "canary-password" not in dump + str(sealed)
    assert [row["purpose"] for row in sealed] == ["smtp_password"]
    with pytest.raises(Invalid) as caught:
        await post.servers.update(post.principal, expected_version=1, given={"host": "127.0.0.2"}, password=None)
    assert caught.value.code == "password_needed"


async def test_who_may(post: Post, own: MailSink) -> None:
    editor = Principal(post.principal.organisation_id, "USER", "usr_1", "Ed", "EDITOR")
    with pytest.raises(Denied):
        await post.servers.connect(editor, given(own), None)
    with pytest.raises(Denied):
        await post.house.removal.delete_integration(editor, "EMAIL", "SMTP")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": "not a host"}, "host"),
        ({"host": ""}, "host"),
        ({"port": "25"}, "port"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"port": True}, "port"),
        ({"tls": "ssl"}, "tls"),
        ({"user": "a\nb"}, "user"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "A <a@example.com>\r\nBcc: x@example.com"}, "sender"),
        ({"user": "shop", "tls": "none"}, "tls"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_bad_description_is_refused_with_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(GOOD | {"port": 587} | changes)
    assert caught.value.field == field


def test_a_partner_is_a_row_and_a_folder(repository: Any) -> None:
    for partner in PARTNERS:
        assert (repository / "src/tillwright/gateways" / partner.gateway / "__init__.py").exists()
        assert (repository / f"src/tillwright/doors/console/icons/{partner.icon}.svg").exists()
