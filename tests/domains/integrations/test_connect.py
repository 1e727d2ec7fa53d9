"""Connecting against a sandbox: what is accepted, what is refused with which sentence, nothing saved."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from tests.conftest import make_organisation
from tests.domains.connected import Rooms
from tillwright.domains import audit
from tillwright.domains.integrations import Credentials, Integrations
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid, TillwrightError, Upstream
from tillwright.kit.seal import Seal, Secret

TABLES = ("integrations", "credentials", "audit_entries", "spine_events", "effects")


async def saved(rooms: Rooms) -> dict[str, int]:
    return {table: (await rooms.rows(f"select count(*) as n from {table}"))[0]["n"] for table in TABLES}


def key_with(rooms: Rooms, *rights: str, livemode: bool = False, wording: str = "mixed") -> str:
    key = rooms.sandbox.world.keys.create(rooms.sandbox.account, livemode, list(rights))
    key.wording = wording
    return key.secret


async def test_a_good_pair_is_saved_with_what_stripe_says_of_it(rooms: Rooms) -> None:
    made = await rooms.connect()
    assert made.account_id == rooms.sandbox.account
    assert made.account_name == "Northwind Demo"
    assert (made.status, made.mode, made.key_kind, made.version) == ("CREATED", "test", "RESTRICTED", 1)
    assert made.key_hint == rooms.sandbox.restricted_key[-4:]
    assert await rooms.integrations.get(rooms.principal) == made
    assert list(await rooms.integrations.list(rooms.principal)) == [made]
    assert await saved(rooms) == {
        "integrations": 1,
        "credentials": 1,
        "audit_entries": 1,
        "spine_events": 1,
        "effects": 0,
    }
    assert (await rooms.rows("select name from spine_events"))[0]["name"] == "integration:STRIPE:created"


async def test_live_keys_are_live(rooms: Rooms) -> None:
    made = await rooms.connect("pk_live_sandbox_northwind", "rk_live_sandbox_northwind")
    assert (made.mode, made.livemode) == ("live", True)


async def test_the_pair_is_proven_without_a_trace_where_there_is_a_payment(rooms: Rooms) -> None:
    rooms.sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    before = rooms.writes
    await rooms.connect()
    assert rooms.writes == before


@pytest.mark.parametrize("wording", ["rak", "enabling"])
async def test_an_account_the_key_may_not_read_is_told_by_the_refusal(rooms: Rooms, wording: str) -> None:
    secret = key_with(rooms, "payment_method_write", wording=wording)
    made = await rooms.connect(secret=secret)
    assert (made.account_id, made.account_name) == (rooms.sandbox.account, None)


@pytest.mark.parametrize("rights", [("payment_method_write",), ("payment_intent_write",)])
async def test_one_way_of_proof_is_enough(rooms: Rooms, rights: tuple[str, ...]) -> None:
    rooms.sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    assert (await rooms.connect(secret=key_with(rooms, *rights))).status == "CREATED"


async def refused(
    rooms: Rooms, error: type[TillwrightError], publishable: str = "", secret: str = ""
) -> TillwrightError:
    before = await saved(rooms)
    with pytest.raises(error) as caught:
        await rooms.connect(publishable or None, secret or None)
    assert await saved(rooms) == before, "nothing is saved"
    assert caught.value.remedy, "it says what to do"
    told = f"{caught.value} {caught.value!r}"
    assert (secret or rooms.sandbox.restricted_key) not in told
    return caught.value


@pytest.mark.parametrize("with_payments", [True, False])
async def test_keys_of_two_accounts(rooms: Rooms, with_payments: bool) -> None:
    if with_payments:
        rooms.sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    error = await refused(rooms, Invalid, publishable="pk_test_sandbox_acme")
    assert (error.code, error.field) == ("keys_of_two_accounts", "publishableKey")
    assert error.sentence == "The public and the secret key belong to two different Stripe accounts."
    assert "same account" in (error.remedy or "")


async def test_keys_of_two_modes(rooms: Rooms) -> None:
    error = await refused(rooms, Invalid, publishable="pk_live_sandbox_northwind")
    assert error.code == "keys_of_two_modes"
    assert rooms.sandbox.world.ledger.gets == 0, "seen without asking Stripe"


async def test_swapped_keys(rooms: Rooms) -> None:
    error = await refused(rooms, Invalid, publishable=rooms.sandbox.secret_key, secret=rooms.sandbox.publishable_key)
    assert error.code == "keys_swapped"


async def test_an_unknown_secret_key(rooms: Rooms) -> None:
    error = await refused(rooms, Invalid, secret="sk_test_nobody0knows0this")
    assert (error.code, error.field) == ("stripe_key_refused", "secretKey")
    assert "mistyped, or it was rolled or revoked" in error.sentence


@pytest.mark.parametrize(("status", "code"), [("expired", "stripe_key_expired"), ("revoked", "stripe_key_refused")])
async def test_a_secret_key_that_is_no_longer_good(rooms: Rooms, status: str, code: str) -> None:
    secret = key_with(rooms, "payment_method_write")
    rooms.sandbox.world.keys.named(secret).status = status
    error = await refused(rooms, Invalid, secret=secret)
    assert (error.code, error.field) == (code, "secretKey")


async def test_an_unknown_public_key(rooms: Rooms) -> None:
    error = await refused(rooms, Invalid, publishable="pk_test_nobody0knows0this")
    assert (error.code, error.field) == ("public_key_refused", "publishableKey")


async def test_a_key_that_may_show_nothing(rooms: Rooms) -> None:
    error = await refused(rooms, Denied, secret=key_with(rooms, "charge_read"))
    assert error.code == "keys_unproven"
    assert "rak_payment_method_write" in (error.remedy or "")


@pytest.mark.parametrize("at", ["/v1/account", "/v1/payment_intents", "/v1/payment_methods", "/v1/payment_methods/*"])
@pytest.mark.parametrize("kind", ["reset", "status", "html"])
async def test_stripe_failing_at_any_step(rooms: Rooms, at: str, kind: str) -> None:
    rooms.sandbox.world.faults.add(kind=kind, path=at, status=500)
    error = await refused(rooms, Upstream)
    assert error.code in ("stripe_unreachable", "stripe_broken")


async def test_stripe_out_of_reach(rooms: Rooms, seal: Seal) -> None:
    options = {"limits": NoLimits(), "clock": rooms.clock}
    reader, writer = LiveReader("http://127.0.0.1:9", **options), LiveWriter("http://127.0.0.1:9", **options)
    rooms.integrations = Integrations(
        database=rooms.database, clock=rooms.clock, credentials=Credentials(seal), reader=reader, writer=writer
    )
    error = await refused(rooms, Upstream)
    assert "could not be reached" in error.sentence
    await reader.close()
    await writer.close()


async def test_a_second_integration(rooms: Rooms) -> None:
    await rooms.connect()
    assert (await refused(rooms, Conflict)).code == "integration_exists"


@pytest.mark.parametrize("role", ["VIEWER", "EDITOR"])
async def test_who_may_not_connect(rooms: Rooms, role: str) -> None:
    rooms.principal = replace(rooms.principal, role=role)
    assert (await refused(rooms, Denied)).code == "role_too_low"
    assert rooms.sandbox.world.ledger.gets == 0


async def test_settings_are_changed_once_for_each_version(rooms: Rooms) -> None:
    made = await rooms.connect()
    changed = await rooms.integrations.update(
        rooms.principal, expected_version=1, settings={"days_before_entitlement_end": 45}
    )
    assert (changed.version, changed.settings.days_before_entitlement_end) == (2, 45)
    with pytest.raises(Conflict) as caught:
        await rooms.integrations.update(rooms.principal, expected_version=made.version, settings={"display_name": "x"})
    assert "Ada" in caught.value.sentence
    with pytest.raises(Invalid):
        await rooms.integrations.update(
            rooms.principal, expected_version=2, settings={"days_before_entitlement_end": 9}
        )
    assert await rooms.integrations.get(rooms.principal) == changed


async def test_each_opening_of_a_key_is_audited(rooms: Rooms) -> None:
    await rooms.connect()
    organisation = rooms.principal.organisation_id
    access = await rooms.integrations.access(organisation, livemode=False, why="send coupon", principal=rooms.principal)
    assert access.key.matches(rooms.sandbox.restricted_key)
    assert (access.account_id, access.livemode) == (rooms.sandbox.account, False)
    async with rooms.database.tenant(organisation) as tx:
        entry = (await audit.recent(tx, organisation, limit=1))[0]
        assert await audit.first_break(tx, organisation) is None
    assert (entry.action, entry.actor.name, entry.detail) == ("secret:credential:open", "Ada", {"why": "send coupon"})
    with pytest.raises(Conflict) as caught:
        await rooms.integrations.access(organisation, livemode=True)
    assert caught.value.code == "mode_mismatch"


async def test_organisations_do_not_see_each_other(rooms: Rooms) -> None:
    await rooms.connect()
    other = await make_organisation(rooms.database, "Other")
    stranger = replace(rooms.principal, organisation_id=other)
    with pytest.raises(Absent):
        await rooms.integrations.get(stranger)
    assert await rooms.integrations.list(stranger) == []
    with pytest.raises(Absent):
        await rooms.integrations.access(other)
    assert await rooms.rows("select * from credentials", other) == []


async def test_a_sealed_key_moved_to_another_organisation_does_not_open(rooms: Rooms, database_url: Secret) -> None:
    await rooms.connect()
    other = await make_organisation(rooms.database, "Other")
    with psycopg.connect(database_url.reveal(), autocommit=True) as owner:
        owner.execute("update tillwright.integrations set organisation_id = %s", (other,))
        owner.execute("update tillwright.credentials set organisation_id = %s", (other,))
    with pytest.raises(Invalid) as caught:
        await rooms.integrations.access(other)
    assert caught.value.code == "seal_broken"


async def test_no_key_is_in_a_dump_of_the_tables(rooms: Rooms, database_url: Secret) -> None:
    secret = key_with(rooms, "payment_method_write", "connected_account_read")
    await rooms.connect(secret=secret)
    await rooms.verification.verify(rooms.principal)
    tail = secret.rsplit("_", 1)[1]
    with psycopg.connect(database_url.reveal()) as owner:
        tables = owner.execute("select tablename from pg_tables where schemaname = 'tillwright'").fetchall()
        dump = "".join(str(owner.execute(f'select * from tillwright."{name}"').fetchall()) for (name,) in tables)
    assert "acct_northwind" in dump
    for part in (secret, tail, tail[:-4]):
        assert part not in dump
        assert part.encode().hex() not in dump
