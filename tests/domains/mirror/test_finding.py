"""What an index is asked first finds the same rows as the condition by itself, and those of nobody else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.conftest import make_organisation
from tests.domains.mirror.conftest import NOON, OneKey, Scripted
from tillwright.domains.billing.views import BUYER
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.finding import store
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.gateways.database import Database, Tx
from tillwright.kit import query
from tillwright.kit.clock import ManualClock
from tillwright.kit.query import Where

PEOPLE = [("Ada Lovelace", "ada@example.com"), ("ADA %_ Ltd", None), (None, "adam@example.com"), ("Grace", "ada@x.eu"),
          ("x" * 300 + " ada", "long@example.com"), (None, None)]  # fmt: skip
ASKED = [
    '(ilike name "ada")', '(ilike name "ADA l%")', '(ilike name "cus_")', '(= email "ada@example.com")',
    '(and (ilike name "ada") (= email "ada@x.eu"))', '(or (ilike name "grace") (= email "ada@example.com"))',
    '(not (ilike name "ada"))', "(= email null)", '(and (ilike name "x ada") (not-null email))',
    '(ilike name "nobody")', '(and (= partner "STRIPE") (ilike name "ada"))',
    '(and (ilike name "ada") (= partner "AWS"))',
]  # fmt: skip


async def fill(mirror: Mirror, tx: Tx, organisation: str) -> None:
    def copy(number: int, livemode: bool, gone: bool = False) -> FetchedCopy:
        name, email = PEOPLE[number % len(PEOPLE)]
        body = {"id": f"cus_{number}", "object": "customer", "created": number, "name": name, "email": email}
        return FetchedCopy(livemode, "customer", body["id"], None, NOON, True, None if gone else body)

    await mirror.keep(tx, organisation, [copy(number, livemode=number >= 30) for number in range(40)])
    await mirror.keep(tx, organisation, [copy(number, livemode=False, gone=True) for number in (0, 7)])


@pytest.mark.parametrize("few", [0, 3, 2000])
async def test_looking_in_the_index_first_changes_nothing(
    few: int, database: Database, organisation: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_FEW", few)
    other = await make_organisation(database, "Other")
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=Scripted())
    for each in (other, organisation):
        async with database.tenant(each) as tx:
            await fill(mirror, tx, each)
    clock.move(1)

    async def found(tx: Tx, where: Where) -> tuple[Sequence[str], int]:
        rows, total = await mirror.find(
            tx, ["customer"], livemode=False, where=where, order="created desc, id desc", limit=4, offset=1
        )
        return [row.id for row in rows], total

    async with database.tenant(organisation) as tx:
        some = 0
        for text in ASKED:
            where = query.where(text, BUYER.columns)
            plain = await found(tx, Where(where.sql, where.values))
            assert await found(tx, where) == plain, text
            some += plain[1]
        assert some > 40, "the questions have answers"
