"""Lists by filter and search, and whole types as files: what comes out is what is in, and nothing runs in a sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.conftest import make_organisation
from tests.domains.mirror.conftest import NOON, customer
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.library import service
from tillwright.domains.mirror.library.service import Asked, Library
from tillwright.domains.mirror.library.sheet import cell, sheet_of
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent, Conflict, Invalid


@dataclass
class Connected:
    """What is connected, for a library's question; None for nothing."""

    livemode: bool | None = False

    async def of(self, organisation_id: str) -> Any:
        if self.livemode is None:
            raise Absent("integration_absent", "Nothing is connected.")
        return self


@dataclass
class Reader:
    """A library with somebody who reads in it."""

    library: Library
    principal: Principal
    modes: Connected
    mirror: Mirror
    database: Database

    async def keep(self, *bodies: dict[str, Any], livemode: bool = False, deleted: tuple[str, ...] = ()) -> None:
        copies = [
            FetchedCopy(livemode, b["object"], b["id"], "acct_1", NOON, False, None if b["id"] in deleted else b)
            for b in bodies
        ]
        async with self.database.tenant(self.principal.organisation_id) as tx:
            await self.mirror.keep(tx, self.principal.organisation_id, copies)

    async def ids(self, q: str | None = None, search: str | None = None, of: str = "customer", limit: int = 50) -> list:
        found: list[str] = []
        cursor = None
        while True:
            page = await self.library.list(self.principal, of, Asked(q=q, search=search), cursor=cursor, limit=limit)
            found += [row.id for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    async def file(self, of: str, form: service.Form, **asked: Any) -> str:
        pieces = await self.library.export(self.principal, of, form, Asked(**asked))
        return b"".join([piece async for piece in pieces]).decode()

    async def rows(self, of: str, **asked: Any) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(await self.file(of, "csv", **asked), newline="")))


@pytest.fixture
def reader(database: Database, organisation: str, mirror: Mirror, clock: ManualClock) -> Reader:
    modes = Connected()
    library = Library(database=database, clock=clock, modes=modes, mirror=mirror)
    return Reader(library, Principal(organisation, "USER", "usr_v", "Vi", "VIEWER"), modes, mirror, database)


def intent(number: int, amount: int, currency: str, **fields: Any) -> dict[str, Any]:
    made = 1_700_000_000 + number
    body = {"id": f"pi_{number}", "object": "payment_intent", "created": made, "livemode": False, "status": "succeeded"}
    return body | {"amount": amount, "currency": currency, "customer": "cus_0001"} | fields


async def test_every_filter_finds_what_it_says(reader: Reader) -> None:
    bodies = [
        customer(n, name=f"Person {n}", email=f"p{n}@shop.example", balance=n * 100, delinquent=n % 2 == 0,
                 metadata={"tier": "gold" if n % 3 == 0 else "silver"}, customer=None)
        for n in range(30)
    ]  # fmt: skip
    await reader.keep(*bodies)
    tests: Mapping[str, Callable[[dict[str, Any]], bool]] = {
        "(> balance 1000)": lambda b: b["balance"] > 1000,
        '(and (= delinquent true) (= metadata.tier "gold"))': lambda b: (
            b["delinquent"] and b["metadata"]["tier"] == "gold"
        ),
        '(>= created "2023-11-14T22:13:40Z")': lambda b: b["created"] >= 1_700_000_020,
        '(in id "cus_0003" "cus_0004")': lambda b: b["id"] in ("cus_0003", "cus_0004"),
        '(not (ilike email "p1"))': lambda b: "p1" not in b["email"],
        "(null description)": lambda b: True,
    }
    for q, picks in tests.items():
        wanted = [b["id"] for b in reversed(bodies) if picks(b)]
        assert await reader.ids(q, limit=4) == wanted, q
        assert [row["id"] for row in await reader.rows("customer", q=q)] == wanted, q
    assert await reader.ids("(> balance 1000)", "person 2", limit=3) == [f"cus_{n:04d}" for n in range(29, 19, -1)]
    assert await reader.ids(None, "P7@SHOP") == ["cus_0007"]


async def test_what_is_wrong_is_said(reader: Reader) -> None:
    await reader.keep(customer(1))
    for q in ("(= password x)", "(= metadata.a'b x)", "(> balance lots)", "(= created", '(= address "x")'):
        with pytest.raises(Invalid):
            await reader.ids(q)
    with pytest.raises(Absent, match="no objects called 'password'"):
        await reader.ids(of="password")
    with pytest.raises(Absent):
        await reader.file("password", "csv")
    with pytest.raises(Invalid):
        await reader.library.list(reader.principal, "customer", Asked(), cursor="x")


async def test_modes_deleted_ones_and_other_organisations_stay_apart(
    reader: Reader, database: Database, mirror: Mirror
) -> None:
    await reader.keep(customer(1, name="test"), customer(2, name="gone"))
    await reader.keep(customer(1, name="live"), livemode=True)
    assert await reader.ids() == ["cus_0002", "cus_0001"]
    gone = FetchedCopy(False, "customer", "cus_0002", "acct_1", NOON.replace(hour=13), False, None)
    async with database.tenant(reader.principal.organisation_id) as tx:
        await mirror.keep(tx, reader.principal.organisation_id, [gone])
    assert await reader.ids() == ["cus_0001"]
    assert (await reader.library.get(reader.principal, "customer", "cus_0002")).deleted
    assert (await reader.library.get(reader.principal, "customer", "cus_0001", livemode=True)).body["name"] == "live"
    shelves = {shelf.object: shelf for shelf in await reader.library.shelves(reader.principal)}
    assert (shelves["customer"].present, shelves["customer"].deleted, shelves["refund"].present) == (1, 1, 0)
    other = Principal(await make_organisation(database, "Southwind"), "USER", "usr_o", "Other", "ADMIN")
    assert (await reader.library.list(other, "customer", Asked())).items == []
    stolen = await reader.library.export(other, "customer", "ndjson", Asked())
    assert [piece async for piece in stolen] == []
    with pytest.raises(Absent):
        await reader.library.get(other, "customer", "cus_0001")
    reader.modes.livemode = None
    assert (await reader.library.list(reader.principal, "customer", Asked())).items == []
    assert await reader.library.shelves(reader.principal) == []
    with pytest.raises(Absent, match="not connected"):
        await reader.file("customer", "csv")


async def test_amounts_are_right_in_every_currency(reader: Reader) -> None:
    await reader.keep(
        intent(1, 1234, "eur"), intent(2, 1234, "jpy"), intent(3, 1234, "kwd"), intent(4, 1200, "isk"),
        intent(5, 5, "usd"), intent(6, -70, "usd"), intent(7, 99, "eur") | {"amount": "odd"},
        intent(8, 1, "eur") | {"currency": None},
    )  # fmt: skip
    shown = {row["id"]: (row["amount"], row["amount_major"]) for row in await reader.rows("payment_intent")}
    assert shown == {
        "pi_1": ("1234", "12.34"), "pi_2": ("1234", "1234"), "pi_3": ("1234", "1.234"), "pi_4": ("1200", "12.00"),
        "pi_5": ("5", "0.05"), "pi_6": ("-70", "-0.70"), "pi_7": ("", ""), "pi_8": ("1", ""),
    }  # fmt: skip


async def test_nothing_in_a_file_is_a_formula(reader: Reader) -> None:
    evil = [
        "=1+1",
        "+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        '=HYPERLINK("http://x","y")',
        'a",=1',
        "ok",
    ]
    await reader.keep(*(customer(n, name=name, email=name, metadata={"=k": name}) for n, name in enumerate(evil)))
    text = await reader.file("customer", "csv")
    for row in csv.reader(io.StringIO(text, newline="")):
        for value in row:
            assert value[:1] not in "=+@-\t\r\n＝" or value == "" or value.lstrip("-").isdigit(), value
    names = [row["name"].removeprefix("'") for row in await reader.rows("customer")]
    assert names == evil[::-1], "only the mark is added"
    assert text.count("\r\n") >= len(evil) + 1


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "text", ""),
        (True, "boolean", "true"),
        (-12, "integer", "-12"),
        (Decimal("1E+3"), "number", "1000"),
        (datetime(2027, 1, 15, 12, tzinfo=UTC), "time", "2027-01-15T12:00:00Z"),
        ({"a": [1, None]}, "json", '{"a":[1,null]}'),
        ("-1", "text", "'-1"),
        ("=x", "id", "'=x"),
    ],
)
def test_cells(value: Any, kind: Any, text: str) -> None:
    assert cell(value, kind) == text


async def test_ndjson_is_what_stripe_sent(reader: Reader) -> None:
    bodies = [customer(n, name="Zoë\u2028\n", nested={"a": [1.5, True, None]}) for n in range(3)]
    await reader.keep(*bodies)
    lines = (await reader.file("customer", "ndjson")).split("\n")
    assert lines.pop() == ""
    assert [orjson.loads(line) for line in lines] == bodies[::-1]
    novelty = {"id": "=nov", "object": "novelty", "surprise": "=1"}
    await reader.keep(novelty)
    assert orjson.loads(await reader.file("novelty", "ndjson")) == novelty
    (row,) = await reader.rows("novelty")
    assert (row["id"], orjson.loads(row["_body"])) == ("'=nov", novelty)
    assert sheet_of(None).header == ["id", "livemode", "_body"]


async def test_twenty_thousand_come_in_small_pieces(
    reader: Reader, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = reader.principal.organisation_id
    async with database.tenant(organisation) as tx:
        await tx.execute(
            "insert into mirror_objects (organisation_id, livemode, object, id, created, fetched_at, digest, body) "
            "select %s, false, 'refund', 're_' || n, to_timestamp(1700000000 + n), now(), '\\x00', "
            "jsonb_build_object('id', 're_' || n, 'object', 'refund', 'amount', n, 'currency', 'jpy') "
            "from generate_series(1, 20000) n",
            (organisation,),
        )
    for form, header in (("csv", 1), ("ndjson", 0)):
        pieces = await reader.library.export(reader.principal, "refund", form, Asked())  # type: ignore[arg-type]
        sizes, lines = [], 0
        async for piece in pieces:
            sizes.append(len(piece))
            lines += piece.count(b"\n")
        assert lines == 20_000 + header
        assert len(sizes) >= 40
        assert max(sizes) < 200_000
    # Who stops reading gives back what they held; too many at once are told so.
    begun: list[AsyncIterator[bytes]] = []
    for _ in range(service.AT_ONCE):
        begun.append(await reader.library.export(reader.principal, "refund", "csv", Asked()))
        await anext(begun[-1])
    with pytest.raises(Conflict, match="under way"):
        await reader.file("refund", "csv")
    for pieces in begun:
        await pieces.aclose()  # type: ignore[attr-defined]
    assert len(await reader.rows("refund", q="(= amount 7)")) == 1
    async with database.tenant(organisation) as tx:
        row = await (
            await tx.execute("select count(*) as n from audit_entries where action like '%%export'")
        ).fetchone()
    assert row
    assert row["n"] == 2 + service.AT_ONCE + 1
