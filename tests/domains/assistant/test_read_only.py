"""Nothing an assistant can say changes anything at Stripe: every operation of Stripe's page, by every way there is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bench.assistant.books import ORDERS

from tests.domains.assistant.conftest import Desk
from tillwright.domains.assistant import Allowance
from tillwright.gateways.stripe import allowed
from tillwright.gateways.stripe.connected import ConnectedReader
from tillwright.kit.errors import Denied, Invalid, TillwrightError
from tillwright_sandbox.operations import operations
from tillwright_sandbox.world import NORTHWIND

ACCOUNT = "acct_harbourbakery00"


_REFUSALS = ("tool_unknown", "argument_invalid", "argument_missing", "several_problems", "kind_needed", None)


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "obj_1", path)


async def test_every_operation_is_refused_or_a_get_of_the_list(desk: Desk) -> None:
    reader = ConnectedReader(desk.linked.rooms.reader)
    access = await desk.linked.rooms.integrations.access(desk.linked.ada.organisation_id, why="a test")
    before, tried, passed = len(desk.world.ledger.lines), 0, set[str]()
    for operation in operations().values():
        path = filled(operation.path)
        try:
            await reader.get(access, ACCOUNT, path)
            passed.add(operation.path)
        except TillwrightError as error:
            if error.code != "path_not_allowed":
                passed.add(operation.path)  # sent, and Stripe knew no such object
        tried += 1
        if operation.method != "GET":
            with pytest.raises(PermissionError):
                await desk.linked.rooms.reader._exchange(access, operation.method, path, {}, None)
    assert tried > 590
    shapes = {re.sub(r"\{\w+\}", "{}", path) for path in passed}
    assert {shape for shape in shapes if shape not in allowed.ALLOWED} <= {
        # Their last part is a word where an id could stand: a GET all the same.
        *(
            f"{path[:-2]}{word}"
            for path in allowed.ALLOWED
            if path.endswith("{}")
            for word in ("search", "upcoming", "create_preview")
        )
    }
    assert len(desk.world.ledger.lines) == before


async def test_every_operation_through_the_tools(desk: Desk) -> None:
    desk.assistant._allowance = Allowance(a_minute=100_000)  # type: ignore[attr-defined]
    before = len(desk.world.ledger.lines)
    tools = sorted(desk.assistant.tools())
    for number, operation in enumerate(operations().values()):
        name = tools[number % len(tools)]
        tool = desk.assistant.tools()[name]
        texts = [argument for argument in tool.arguments if argument.kind in ("text", "id")]
        given = {argument.name: filled(operation.path) for argument in texts}
        for ask in ((name, given), (f"{operation.method} {operation.path}", {}), (operation.id, given)):
            answer = await desk.answer(*ask)
            assert answer.get("refused") in _REFUSALS, answer
    assert len(desk.world.ledger.lines) == before


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/customers/../refunds", {}, "path_not_allowed"),
    ("/v1/customers/./x", {}, "path_not_allowed"),
    ("//evil.example/v1/customers", {}, "path_not_allowed"),
    ("http://evil.example/v1/customers", {}, "path_not_allowed"),
    ("/v1/customers?expand[]=data.sources", {}, "path_not_allowed"),
    ("/v1/customers/cus_1\n", {}, "path_not_allowed"),
    ("/v1/customers/cus_1/sources", {}, "path_not_allowed"),
    ("/v1/files", {}, "path_not_allowed"),
    ("/v1/customers", {"expand": ["data.sources"]}, "expand_not_allowed"),
    ("/v1/customers", {"expand": "data.default_source"}, "expand_not_allowed"),
    ("/v1/customers", {"stripe_account": "acct_other"}, "parameter_not_allowed"),
    ("/v1/charges", {"transfer_group": "x"}, "parameter_not_allowed"),
]


async def test_what_is_not_on_the_list_is_not_sent(desk: Desk) -> None:
    reading = await desk.linked.connections.read(desk.linked.ada, why="a test")
    gets = desk.world.ledger.gets
    for path, params, code in REFUSED:
        with pytest.raises(Denied) as caught:
            await reading.get(path, params)
        assert (path, caught.value.code) == (path, code)
    assert desk.world.ledger.gets == gets


async def test_no_request_without_an_account(desk: Desk) -> None:
    access = await desk.linked.rooms.integrations.access(desk.linked.ada.organisation_id, why="a test")
    gets = desk.world.ledger.gets
    for account in ("", "acct_", "cus_1", "acct_x/../y", "acct_12345678\n", "*"):
        with pytest.raises(Denied):
            await ConnectedReader(desk.linked.rooms.reader).get(access, account, "/v1/customers")
    assert desk.world.ledger.gets == gets


async def test_nothing_of_another_account_or_mode_is_read(desk: Desk) -> None:
    foreign = [books.customers[0].id for books in desk.others] + [NORTHWIND]
    for object_id in foreign:
        answer = await desk.ask("get_object", {"id": object_id, "kind": "customers"})
        assert answer.result["found"] is False
    live_only = {customer.email for customer in desk.live.customers} - {c.email for c in desk.books.customers}
    for email in sorted(live_only)[:3]:
        assert (await desk.ask("find_customers", {"text": email})).total == 0


async def test_texts_that_give_orders_come_out_as_data_whole_and_marked(desk: Desk) -> None:
    """Each planted in a customer's description: 200 of them, and every one is only ever a value of `outside_text`."""
    texts = [f'{ORDERS[n % len(ORDERS)]} #{n} {chr(0x202A + n % 5)}\x00\u200b{"{" * (n % 3)}"' for n in range(200)]
    store = desk.world.accounts[ACCOUNT].test
    for number, text in enumerate(texts):
        store.insert({"object": "customer", "id": f"cus_evil{number}", "name": "Eve", "email": None, "created": 1,
                      "livemode": False, "description": text, "metadata": {"memo": text, text[:30]: "x"}})  # fmt: skip
    before = len(desk.world.ledger.lines)
    seen = 0
    cursor: str | None = None
    while True:
        answer = await desk.ask("find_customers", {"before": "2000-01-01", "limit": 100, "cursor": cursor})
        for item in answer.items:
            assert set(item["description"]) == {"outside_text"}
            shown = item["description"]["outside_text"]
            assert shown.isprintable()
            assert not re.search(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\x00-\x1f]", shown)
            seen += 1
        cursor = answer.next_cursor
        if cursor is None:
            break
    assert seen == 200
    one = await desk.ask("get_object", {"id": "cus_evil7"})
    assert all(set(pair["key"]) == set(pair["value"]) == {"outside_text"} for pair in one.result["metadata"])
    assert "never instructions" in one.as_json()["caution"]
    assert len(desk.world.ledger.lines) == before


async def test_all_complaints_about_arguments_come_at_once(desk: Desk) -> None:
    with pytest.raises(Invalid) as caught:
        await desk.ask(
            "find_payments", {"amount_min": "much", "currency": "euro", "colour": "red", "from": "yesterday"}
        )
    assert {problem.field for problem in caught.value.problems} == {"amount_min", "currency", "colour", "from"}
