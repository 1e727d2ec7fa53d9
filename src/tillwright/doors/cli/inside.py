"""Doing something in an organisation from the command line, and showing the rows that come of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import chosen
from tillwright.settings import read
from tillwright.wiring import House, open_house

_console = Console(highlight=False)


def in_house(
    organisation: str | None,
    do: Callable[[House, Principal], Awaitable[list[dict[str, Any]]]],
    *,
    by: str = "tillwright workflow",
) -> list[dict[str, Any]]:
    """Open the house, act for the organisation in the name of `by`, and close it again."""

    async def inside() -> list[dict[str, Any]]:
        async with open_house(read()) as house:
            principal = Principal.system(await chosen(house, organisation), by)
            return await do(house, principal)

    return asyncio.run(inside())


def print_rows(rows: list[dict[str, Any]], as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    """A line each, or all as JSON."""
    if as_json:
        print(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    for row in rows:
        _console.print(line(row), markup=False, soft_wrap=True)


def print_table(rows: list[dict[str, Any]], as_json: bool, columns: tuple[str, ...]) -> None:
    """These columns as a table, or whole rows as JSON."""
    if as_json:
        print(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*(str(row[name] if row[name] is not None else "") for name in columns))
    _console.print(table)
