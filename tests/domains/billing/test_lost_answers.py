"""A commit of a performance that loses its answer, each in turn, or finds no room: the effect takes place once."""

from __future__ import annotations

import pytest

from tests.domains.billing.test_kills import Process, marked, settle
from tests.domains.connected import Rooms
from tests.line import Line, Moment
from tests.server_trouble import full_disk, needs_full_device
from tillwright.kit.errors import Upstream
from tillwright.kit.seal import Seal


@pytest.mark.parametrize("moment", ["asked", "answered"])
async def test_whichever_commit_is_lost_the_effect_takes_place_once(
    rooms: Rooms, seal: Seal, line: Line, moment: Moment
) -> None:
    await rooms.connect(secret=rooms.sandbox.secret_key)
    sent_before: set[bool] = set()
    for number in range(1, 30):
        rooms.sandbox.world.ledger.lines.clear()
        process = await Process(rooms, seal, line.url).start()
        line.cut(number, moment=moment)
        lost = line.lost
        try:
            await process.perform(f"run_{number}")
            assert line.lost == lost, f"the loss of commit {number} was told to nobody"
        except Upstream:
            sent_before.add(rooms.writes == 1)
        finally:
            await process.stop()
        result = await settle(rooms, seal, f"run_{number}")
        assert result.state == "DONE", (number, result)
        assert (marked(rooms, result.effect_id), rooms.writes) == (1, 1), f"commit {number} lost, {moment}"
        if line.lost == lost:
            break
    assert sent_before == {False, True}, "some were lost before Stripe was asked, some after"
    assert number >= 4, "each commit of a performance was lost once"


@needs_full_device
async def test_what_there_is_no_room_to_record_is_not_sent(rooms: Rooms, seal: Seal) -> None:
    await rooms.connect(secret=rooms.sandbox.secret_key)
    rooms.sandbox.world.ledger.lines.clear()
    process = await Process(rooms, seal).start()
    with full_disk(rooms.database.owner_url, "effects"):
        for _ in range(2):
            with pytest.raises(Upstream) as refusal:
                await process.perform("run_1")
            assert refusal.value.code == "database_full"
    assert rooms.writes == 0
    assert (await process.perform("run_1")).state == "DONE"
    assert rooms.writes == 1
    await process.stop()
