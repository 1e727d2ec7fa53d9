"""Bars for an answer that is a series over time: one currency's, for one axis shows one. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Series:
    """`bars` as (place from the left, width, height of 100, title); `others` are currencies left out."""

    currency: str
    bars: Sequence[tuple[float, float, float, str]]
    first: str
    last: str
    others: Sequence[str]


def bars(answer: dict[str, Any], width: float = 600) -> Series | None:
    """For items that have a `group` by time and a `net`; None for any other answer."""
    lines = [item for item in answer["items"] if item.get("net") and str(item.get("group", ""))[:4].isdigit()]
    if len(lines) < 2:
        return None
    weight: Counter[str] = Counter()
    for line in lines:
        weight[line["currency"]] += int(line.get("payments") or 1)
    main, _ = weight.most_common(1)[0]
    mine = sorted((line for line in lines if line["currency"] == main), key=lambda line: str(line["group"]))
    highest = max((line["net"]["amount"] for line in mine), default=0)
    if len(mine) < 2 or highest <= 0:
        return None
    # A period in which nothing came in has its place, too: a chart without it would show a steadier business.
    places = {group: at for at, group in enumerate(periods(str(mine[0]["group"]), str(mine[-1]["group"])))}
    if not all(str(line["group"]) in places for line in mine):
        places = {str(line["group"]): at for at, line in enumerate(mine)}
    step = width / len(places)
    drawn = [
        (
            round(step * places[str(line["group"])], 2),
            round(step * 0.8, 2),
            round(max(0.8, 100 * max(0, line["net"]["amount"]) / highest), 1),
            f"{line['group']}: {line['net']['text']}",
        )
        for line in mine
    ]
    others = sorted({line["currency"].upper() for line in lines} - {main.upper()})
    return Series(main.upper(), drawn, mine[0]["group"], mine[-1]["group"], others)


def periods(first: str, last: str) -> list[str]:
    """Every month, quarter or year from one to another, as answers name them; nothing for what is none of these."""
    for pattern, a_year, name in _GRAINS:
        ends = pattern.fullmatch(first), pattern.fullmatch(last)
        if ends[0] and ends[1]:
            start, end = (int(end["year"]) * a_year + int(end.groupdict().get("part") or 1) - 1 for end in ends if end)
            return [
                name.format(year=at // a_year, part=at % a_year + 1) for at in range(start, min(end, start + 400) + 1)
            ]
    return []


_GRAINS = (
    (re.compile(r"(?P<year>[0-9]{4})-(?P<part>[0-9]{2})"), 12, "{year}-{part:02d}"),
    (re.compile(r"(?P<year>[0-9]{4})-Q(?P<part>[1-4])"), 4, "{year}-Q{part}"),
    (re.compile(r"(?P<year>[0-9]{4})"), 1, "{year}"),
)
