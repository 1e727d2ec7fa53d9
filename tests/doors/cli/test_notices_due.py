"""`tillwright notices due` as its reader sees it: what would be sent, why, and nothing written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.domains.entitlements.conftest import Firm, firm
from tests.domains.entitlements.test_renew_soon import tell_renewals
from tests.domains.entitlements.test_sweep import made
from tillwright.doors.cli.notices import answer, coming, show

__all__ = ["firm"]


async def test_ends_and_renewals_each_with_its_reason(firm: Firm, capsys: pytest.CaptureFixture[str]) -> None:
    await firm.warn(30)
    await tell_renewals(firm, 7)
    one = await made(firm, 20)
    firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up(sweep=False)
    at = firm.clock.now() + timedelta(days=29)
    now = await answer(firm.house, firm.organisation_id, firm.clock.now())
    later = await answer(firm.house, firm.organisation_id, at)
    assert [(row["offset"], row["initial"]) for row in now["notices"]] == [(20, True)]
    assert now["renewals"] == []
    assert later["notices"] == []
    (renewal,) = later["renewals"]
    assert renewal["daysLeft"] <= 7
    assert "once a period" in renewal["why"]
    show(now)
    show(later)
    said = capsys.readouterr().out
    print(said)
    for part in ("20 days", "first notice", "for Buyer", "the integration's 30 days", "the first", "1 would be sent.",
                 "renewal", "7 days before the renewal"):  # fmt: skip
        assert part in said
    assert await firm.told() == ["create", "create"], "nothing is written"
    assert one.id == now["notices"][0]["entitlementId"]
    empty = await answer(firm.house, firm.organisation_id, at + timedelta(days=20))
    show(empty)
    assert "Nothing would be sent." in capsys.readouterr().out


async def test_what_renews_and_what_of_its_notice(firm: Firm) -> None:
    firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up()
    (off,) = await coming(firm.house, firm.organisation_id, 40)
    assert (off["notice"], off["noticeDue"]) == ("no notice: they are off", None)
    await tell_renewals(firm, 7)
    (due,) = await coming(firm.house, firm.organisation_id, 40)
    assert due["notice"] == f"its notice goes out at {due['noticeDue']}"
    assert await coming(firm.house, firm.organisation_id, 7) == []
    firm.clock.move((due["daysLeft"] - 6) * 86_400)
    await firm.keep_up()
    (told,) = await coming(firm.house, firm.organisation_id, 7)
    assert told["notice"] == f"its notice went out at {told['noticeSent']}"
