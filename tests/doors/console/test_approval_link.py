"""The link in an approval's mail: it shows, and decides nothing; that takes a sign-in, the role, and the form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.doors.console.conftest import PASSWORD, Person, text_of
from tillwright.domains.automation import approval_store, definition, run_store, triggers
from tillwright.domains.automation.model import Approval, ApprovalState
from tillwright.domains.tenancy import store as tenants
from tillwright.domains.tenancy.passwords import hash_password

NEEDED = "ADMIN"
SOURCE = "name: refund\ntrigger: manual\nsteps: [{id: back, approval: {ask: 'Refund it?', role: ADMIN}}]\n"


@pytest.fixture
async def link(ada: Person) -> str:
    """A pending approval, as a run would ask for it."""
    now, organisation_id = ada.house.clock.now(), ada.principal.organisation_id
    workflow = await ada.house.automation.save(ada.principal, SOURCE)
    (rule,) = definition.parse(SOURCE).rules
    start = triggers.by_hand(rule, {}, now, name="manual", key="k", livemode=False, object_id=None)
    run = triggers.new_run(workflow, start, "run_1", now)
    asked = Approval(
        organisation_id=organisation_id, id="apr_1", run_id="run_1", workflow_id=workflow.id, workflow_name="refund",
        step="back", attempt=1, payload_hash="a" * 64, request={"kind": "stripe", "path": "/v1/refunds"},
        question="Refund it?", amount=4900, currency="eur", role=NEEDED, livemode=False, state=ApprovalState.PENDING,
        due=now.replace(year=now.year + 1), created=now, decided=None, decided_by=None, note=None,
    )  # fmt: skip
    async with ada.house.database.tenant(organisation_id) as tx:
        await run_store.add(tx, run)
        await approval_store.add(tx, asked)
    return "/approvals/apr_1"


async def state(ada: Person) -> ApprovalState:
    return (await ada.house.automation.approvals.get(ada.principal, "apr_1")).state


async def test_whatever_a_mail_program_does_with_the_link_decides_nothing(ada: Person, link: str) -> None:
    yes = {"answer": "yes", "payload_hash": "a" * 64}
    async with httpx.AsyncClient(base_url=ada.client.base_url) as stranger:
        for params in ({}, yes):
            for method in ("GET", "HEAD", "OPTIONS"):
                fetched = await stranger.request(method, link, params=params)
                assert fetched.status_code in (303, 405)
                await ada.client.request(method, link, params=params)
        assert (await stranger.post(link, data=yes)).status_code in (303, 403)
        assert (await stranger.get(link)).headers["location"] == f"/sign-in?next={link}"
    assert (await ada.client.post(link, data=yes)).status_code == 403, "no form of ours was sent"
    assert await state(ada) is ApprovalState.PENDING


async def test_the_link_leads_behind_the_sign_in_and_the_role_decides(ada: Person, link: str) -> None:
    organisation_id, now = ada.principal.organisation_id, ada.house.clock.now()
    async with ada.house.database.open() as tx:
        await tenants.insert_user(tx, "usr_ed", "ed@example.com", "Ed", await hash_password(PASSWORD), now)
    async with ada.house.database.tenant(organisation_id) as tx:
        await tenants.insert_membership(tx, organisation_id, "usr_ed", "EDITOR", now)
    yes: Any = {"answer": "yes", "payload_hash": "a" * 64}
    async with httpx.AsyncClient(base_url=ada.client.base_url) as browser:
        editor = Person(browser, ada.house, replace(ada.principal, role="EDITOR"))
        assert (await editor.sign_in("ed@example.com", next_page=link)).headers["location"] == link
        shown = text_of((await editor.see(link)).text)
        assert "49.00 EUR" in shown
        assert "waiting for you" not in shown
        assert "Only somebody with the role Admin can answer it" in shown
        assert (await editor.send(link, seen="/", **yes)).status_code == 403
    assert await state(ada) is ApprovalState.PENDING
    assert "1 waiting for you" in text_of((await ada.see("/workflows")).text)
    changed = await ada.send(link, seen=link, answer="yes", payload_hash="b" * 64)
    assert changed.status_code == 409
    assert (await ada.send(link, seen=link, **yes)).headers["location"].startswith("/approvals?done=approved")
    assert await state(ada) is ApprovalState.APPROVED
    assert "waiting for you" not in text_of((await ada.see("/workflows")).text)
