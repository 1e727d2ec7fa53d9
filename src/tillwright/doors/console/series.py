"""Bars for an answer that is a series over time: one currency's, for one axis shows one. Pure."""

from __future__ import annotations

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
    step = width / len(mine)
    drawn = [
        (
            round(step * at, 2),
            round(step * 0.8, 2),
            round(max(0.8, 100 * max(0, line["net"]["amount"]) / highest), 1),
            f"{line['group']}: {line['net']['text']}",
        )
        for at, line in enumerate(mine)
    ]
    others = sorted({line["currency"].upper() for line in lines} - {main.upper()})
    return Series(main.upper(), drawn, mine[0]["group"], mine[-1]["group"], others)
