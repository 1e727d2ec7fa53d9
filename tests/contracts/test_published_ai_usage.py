"""The published client reads the tokens spent."""

from __future__ import annotations

from datetime import timedelta

from tests.contracts.published import Published
from tillwright.domains.assistant.chat import Spent
from tillwright.domains.assistant.chat.store import spend


async def test_records_come_by_hour_and_are_paged(client: Published) -> None:
    now = client.house.clock.now().replace(minute=0, second=0, microsecond=0)
    async with client.house.database.tenant(client.organisation_id) as tx:
        for back in range(3):
            spent = Spent(now - timedelta(hours=back), "usr_1", "api.openai.com", "m", 10, 2, 1)
            await spend(tx, client.organisation_id, spent)
            await spend(tx, client.organisation_id, spent)
    times = ((now - timedelta(hours=5)).isoformat(), (now + timedelta(hours=1)).isoformat())
    answer = await client.call("AIUsageApi", "get_ai_usage", client.organisation_id, *times, limit=2)
    assert (answer.total_count, answer.has_more, len(answer.records)) == (3, True, 2)
    record = answer.records[0]
    assert (record.input_tokens, record.output_tokens, record.request_count, record.is_byok) == (20, 4, 2, True)
