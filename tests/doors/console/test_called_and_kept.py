"""A workflow's page where it is called from outside, and what came while it was paused."""

from __future__ import annotations

import re

from tests.doors.console.conftest import Person, text_of
from tests.doors.owned import signed
from tillwright.kit.clock import to_unix
from tillwright.wiring import House


async def test_its_address_is_opened_and_what_came_is_replayed_by_a_button(ada: Person, house: House) -> None:
    principal = ada.principal
    saved = await house.automation.save(principal, "name: hooked\ntrigger: webhook\nsteps: [{id: s, stop: Called.}]\n")
    path = f"/workflows/{saved.id}"
    assert "Open the address" in text_of((await ada.see(path)).text)
    opened = await ada.send(f"{path}/webhook", seen=path)
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", opened.text))
    assert "whsec_" not in (await ada.see(path)).text
    headers = signed(secret, "msg_1", to_unix(house.clock.now()), b"{}")
    await house.automation.hooks.deliver(
        principal.organisation_id, saved.id, {name: [value.encode()] for name, value in headers.items()}, b"{}"
    )
    words = text_of((await ada.see(path)).text)
    assert "One event was kept for this workflow. Activate the workflow to replay it." in words
    assert "What was kept Event About Kept webhook msg_1" in words
    await ada.send(f"{path}/activate", seen=path)
    done = await ada.send(f"{path}/replay", seen=path)
    assert done.headers["location"] == f"{path}?done=events-replayed"
    assert len((await house.automation.runs(principal)).items) == 1
    assert "was kept" not in text_of((await ada.see(path)).text)


async def test_what_moves_money_live_and_untried_asks_for_a_back_test_or_an_override(ada: Person, house: House) -> None:
    source = (
        "name: pay_back\ntrigger: {stripe_event: charge.succeeded}\n"
        "steps: [{id: r, action: refund_payment, with: {charge: '${object.id}'}}]\n"
    )
    saved = await house.automation.save(ada.principal, source)

    async def live(_: str) -> bool:
        return True

    house.automation.steering.livemode = live  # type: ignore[method-assign]
    path = f"/workflows/{saved.id}"
    refused = await ada.send(f"{path}/activate", seen=path)
    assert refused.status_code == 409
    assert "Activate it untried" in text_of(refused.text)
    assert (await house.automation.get(ada.principal, saved.id)).state == "PAUSED"
    done = await ada.send(f"{path}/activate", seen=path, override="true")
    assert done.headers["location"] == f"{path}?done=activated"
    assert (await house.automation.get(ada.principal, saved.id)).state == "ACTIVE"
