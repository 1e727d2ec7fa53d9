"""Whether a new key may do all that the present one may, row by row of both reports. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tillwright.domains.verification.report import Finding, Report

_LEVELS = {"none": 0, "read": 1, "write": 2}


@dataclass(frozen=True)
class Comparison:
    """`lost`: rights that the present key has and the new one has not, `unproven`: those of which nobody can tell."""

    lost: Sequence[str]
    unproven: Sequence[str]


def compare_rights(present: Report, new: Report) -> Comparison:
    """Every right of the present key, in Stripe's names, that the new one's report does not prove of the new one.

    A right that nobody should give is not missed, nor one that no restricted key can have by who comes from a full one.
    """
    found = {finding.right: finding for finding in new.findings}
    lost, unproven = list[str](), list[str]()
    hardened = (present.key_kind, new.key_kind) == ("SECRET", "RESTRICTED")
    for had in present.findings:
        least = _least(had)
        has = found.get(had.right)
        if not least or has is None or _least(has) >= least:
            continue
        # Of a row that asks for writing only reading was proven: it is reading that is lost.
        name = had.right.removesuffix("write") + "read" if least == 1 and had.right.endswith("write") else had.right
        if has.state == "absent":
            lost += [] if hardened else [name]
        elif has.state in ("unknown", "unproven"):
            unproven.append(name)
        else:
            lost.append(name)
    return Comparison(lost, unproven)


def _least(finding: Finding) -> int:
    """What is proven of it: 0 nothing, 1 reading, 2 writing."""
    return 0 if finding.state == "excess" else _LEVELS.get(finding.has, 0)
