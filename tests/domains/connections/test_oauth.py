"""The OAuth matrix: no link without a fresh, bound, single-use state, whatever comes back and from wherever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conftest import make_organisation
from tests.domains.connections.conftest import BACK, SESSION, Linked
from tillwright.kit.errors import Conflict, Denied, Invalid, TillwrightError
from tillwright_sandbox.world import ACME, NORTHWIND, OLD_MILL


async def refused(linked: Linked, told: dict[str, str], kind: type[TillwrightError], code: str, **who: object) -> None:
    with pytest.raises(kind) as caught:
        await linked.finish(told, **who)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert caught.value.remedy
    assert await linked.count("connections") == 0


async def test_connect_names_the_account_and_keeps_no_token(linked: Linked) -> None:
    connection = await linked.connect()
    assert (connection.account_id, connection.account_name, connection.mode) == (ACME, "Acme Demo", "test")
    assert connection.scope == "read_only"
    row = (await linked.rooms.rows("select * from connections"))[0]
    assert not [value for value in row.values() if isinstance(value, str) and value.startswith(("sk_", "rt_", "ac_"))]
    start = (await linked.rooms.rows("select * from connection_starts"))[0]
    assert start["sealed_code"] is None
    audit = await linked.rooms.rows("select action from audit_entries where action like '%connection%'")
    assert [entry["action"] for entry in audit] == ["user:connection:begin"]


async def test_the_state_is_256_bits_and_stands_nowhere(linked: Linked) -> None:
    url = await linked.begin()
    state = (await linked.at_stripe(url))["state"]
    assert len(state) == 43
    rows = await linked.rooms.rows("select digest from connection_starts")
    assert state not in str(rows)
    assert f"redirect_uri={BACK}".replace(":", "%3A").replace("/", "%2F") in url


async def test_a_state_that_is_missing_or_wrong(linked: Linked) -> None:
    for state in ("", "wrong", "x" * 43, "\0", "é" * 20):
        told = await linked.at_stripe(await linked.begin())
        await refused(linked, told | {"state": state}, Denied, "connection_state_refused")
        assert not linked.reaches()


async def test_a_state_of_ten_minutes_and_one_second(linked: Linked) -> None:
    told = await linked.at_stripe(await linked.begin())
    linked.rooms.clock.move(601)
    await refused(linked, told, Denied, "connection_state_refused")
    again = await linked.at_stripe(await linked.begin())
    linked.rooms.clock.move(599)
    assert (await linked.finish(again)).account_id == ACME


async def test_a_state_works_once_even_for_a_double_callback(linked: Linked) -> None:
    told = await linked.at_stripe(await linked.begin())
    await linked.finish(told)
    with pytest.raises(Denied):
        await linked.finish(told)
    assert await linked.count("connections") == 1
    assert linked.reaches()


async def test_a_refused_callback_uses_the_state_up(linked: Linked) -> None:
    told = await linked.at_stripe(await linked.begin())
    await refused(linked, told, Denied, "connection_state_refused", session="ses_other")
    await refused(linked, told, Denied, "connection_state_refused")


@pytest.mark.parametrize("whose", ["another user", "another browser", "another organisation"])
async def test_a_state_of_somebody_else(linked: Linked, whose: str) -> None:
    told = await linked.at_stripe(await linked.begin())
    elsewhere = await make_organisation(linked.rooms.database, "Elsewhere")
    who = {"another user": linked.eve, "another organisation": replace(linked.ada, organisation_id=elsewhere)}
    session = "ses_eve" if whose == "another browser" else SESSION
    await refused(linked, told, Denied, "connection_state_refused", who=who.get(whose, linked.ada), session=session)
    assert not linked.reaches()


async def test_the_person_says_no(linked: Linked) -> None:
    await refused(linked, await linked.at_stripe(await linked.begin(), decision="no"), Denied, "connection_denied")


async def test_no_code_comes_back(linked: Linked) -> None:
    told = await linked.at_stripe(await linked.begin())
    await refused(linked, {"state": told["state"]}, Invalid, "connection_code_missing")


@pytest.mark.parametrize("code", ["ac_made_up", "ac_" + "x" * 4000])
async def test_a_code_of_somebody_elses_making(linked: Linked, code: str) -> None:
    told = await linked.at_stripe(await linked.begin())
    await refused(linked, told | {"code": code}, Invalid, "stripe_oauth_invalid_grant")
    assert not linked.reaches()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 500}, "stripe_broken"),
        ({"kind": "status", "status": 400, "body": {"error": "invalid_request"}}, "stripe_oauth_invalid_request"),
        ({"kind": "html", "status": 502}, "stripe_broken"),
        ({"kind": "html", "status": 200}, "stripe_broken"),
        ({"kind": "hang", "seconds": 3}, "stripe_unreachable"),
        ({"kind": "reset"}, "stripe_unreachable"),
    ],
    ids=["500", "400", "page of HTML", "page of HTML as success", "hangs", "reset"],
)
async def test_the_token_endpoint_fails(linked: Linked, fault: dict[str, object], code: str) -> None:
    told = await linked.at_stripe(await linked.begin())
    linked.rooms.sandbox.world.faults.add(path="/oauth/token", **fault)
    with pytest.raises(TillwrightError) as caught:
        await linked.finish(told)
    assert caught.value.code.startswith(code[:12])
    assert await linked.count("connections") == 0
    linked.rooms.sandbox.world.faults.clear()
    assert (await linked.connect()).account_id == ACME


async def test_the_other_modes_grant_is_not_taken(linked: Linked) -> None:
    told = await linked.at_stripe(await linked.begin())
    world = linked.rooms.sandbox.world
    # A Stripe that mixes modes up: our own check is what is left.
    body = {"stripe_user_id": ACME, "livemode": True, "scope": "read_only"}
    world.faults.add(kind="status", path="/oauth/token", status=200, body=body)
    await refused(linked, told, Conflict, "connection_of_other_mode")


async def test_the_platforms_own_account_is_none_of_a_users(linked: Linked) -> None:
    told = await linked.at_stripe(await linked.begin())
    body = {"stripe_user_id": NORTHWIND, "livemode": False, "scope": "read_only"}
    linked.rooms.sandbox.world.faults.add(kind="status", path="/oauth/token", status=200, body=body)
    await refused(linked, told, Conflict, "connection_is_platform")


async def test_an_account_linked_by_a_colleague_stays_theirs(linked: Linked) -> None:
    await linked.connect()
    told = await linked.at_stripe(await linked.begin(linked.eve))
    with pytest.raises(Conflict) as caught:
        await linked.finish(told, linked.eve)
    assert caught.value.code == "account_linked_elsewhere"
    assert linked.reaches()
    assert [each.user_id for each in await linked.connections.mine(linked.ada)] == ["usr_ada"]
    assert await linked.connections.mine(linked.eve) == []


async def test_an_account_linked_in_another_organisation_is_a_conflict_and_given_back(linked: Linked) -> None:
    elsewhere = await make_organisation(linked.rooms.database, "Elsewhere")
    async with linked.rooms.database.tenant(elsewhere) as tx:
        await tx.execute(
            "insert into connections (organisation_id, id, user_id, livemode, account_id, platform_id, client_id, "
            "scope, created, checked) values (%s, 'con_x', 'usr_x', false, %s, 'acct_x', 'ca_x', 'x', now(), now())",
            (elsewhere, ACME),
        )
    told = await linked.at_stripe(await linked.begin())
    await refused(linked, told, Conflict, "account_linked_elsewhere")
    assert not linked.reaches()


async def test_one_account_a_mode_and_user(linked: Linked) -> None:
    first = await linked.begin()
    await linked.connect()
    with pytest.raises(Conflict) as caught:
        await linked.begin()
    assert caught.value.code == "connection_exists"
    # Two tabs: the second one chose another account, which is given back; the same one again is no harm.
    with pytest.raises(Conflict):
        await linked.finish(await linked.at_stripe(first, OLD_MILL))
    assert (linked.reaches(ACME), linked.reaches(OLD_MILL)) == (True, False)


async def test_what_is_missing_is_said_with_who_can_add_it(linked: Linked) -> None:
    integration = await linked.rooms.integrations.of(linked.ada.organisation_id)
    await linked.rooms.integrations.update(
        linked.rooms.principal, expected_version=integration.version, settings={"connect_client_id": ""}
    )
    with pytest.raises(Conflict) as caught:
        await linked.begin()
    assert (caught.value.code, "administrator" in str(caught.value).lower()) == ("connect_client_id_missing", True)
    await linked.rooms.removal.delete_integration(linked.rooms.principal)
    with pytest.raises(Conflict) as caught:
        await linked.begin()
    assert (caught.value.code, "administrator" in str(caught.value)) == ("platform_absent", True)


async def test_the_integration_is_another_one_when_they_come_back(linked: Linked) -> None:
    told = await linked.at_stripe(await linked.begin())
    integration = await linked.rooms.integrations.of(linked.ada.organisation_id)
    await linked.rooms.integrations.update(
        linked.rooms.principal, expected_version=integration.version, settings={"connect_client_id": "ca_another_one"}
    )
    await refused(linked, told, Conflict, "integration_changed")
    assert not linked.reaches()


async def test_only_a_person_can_connect(linked: Linked) -> None:
    with pytest.raises(Denied):
        await linked.begin(replace(linked.ada, actor_kind="API_CLIENT"))
