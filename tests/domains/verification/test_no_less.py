"""Every right of the present key is proven of the new one, or it is said which is not: over all rows and all levels."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tillwright.domains.verification.no_less import compare_rights
from tillwright.domains.verification.permissions import PERMISSIONS, Permission
from tillwright.domains.verification.report import Account, Finding, Report, State, finding_of

ROWS = [row for row in PERMISSIONS if row.use != "excess" and (row.read or row.write)]
# What a report can say of a row, and what that proves: 2 writing, 1 reading, 0 nothing.
SAID: dict[str, tuple[State, str, int]] = {
    "all of it": ("ok", "", 2),
    "reading only": ("missing", "read", 1),
    "nothing": ("missing", "none", 0),
    "not asked": ("missing", "", 0),
    "ambiguous": ("unproven", "", 0),
    "ambiguous, but it reads": ("unproven", "read", 1),
    "silent": ("unknown", "", 0),
    "not offered": ("absent", "", 0),
}


def finding(row: Permission, said: str) -> Finding:
    state, has, _ = SAID[said]
    if state == "ok":
        has = "write" if row.write else "read"
    return finding_of(row, state, has=has)


def proven(row: Permission, said: str) -> int:
    return 1 if said == "all of it" and not row.write else SAID[said][2]


def report(*findings: Finding, kind: str = "RESTRICTED") -> Report:
    return Report("VERIFIED", datetime(2027, 1, 15, tzinfo=UTC), "test", kind, "v", Account(), findings)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.right)
def test_every_row_at_every_level(row: Permission) -> None:
    for before in SAID:
        for after in SAID:
            compared = compare_rights(report(finding(row, before)), report(finding(row, after)))
            said = [*compared.lost, *compared.unproven]
            assert bool(said) is (proven(row, before) > proven(row, after)), (before, after, said)
            if said:
                assert (said == compared.unproven) is (SAID[after][0] in ("unproven", "unknown")), (before, after)
                reads = proven(row, before) == 1
                assert said[0].endswith("_read" if reads else "_write"), (before, after, said)


def test_one_lost_among_all_is_named_alone() -> None:
    whole = [finding(row, "all of it") for row in ROWS]
    for number, row in enumerate(ROWS):
        less = [finding(row, "nothing") if n == number else each for n, each in enumerate(whole)]
        assert compare_rights(report(*whole), report(*less)).lost == [finding(row, "nothing").right]


def test_what_nobody_should_give_is_not_missed() -> None:
    row = next(row for row in PERMISSIONS if row.use == "excess")
    had, gone = finding_of(row, "excess", has="write"), finding_of(row, "ok")
    assert compare_rights(report(had), report(gone)).lost == []


def test_from_a_full_key_to_a_restricted_one_only_what_none_can_have_may_go() -> None:
    row = ROWS[3]
    full, restricted = report(finding(row, "all of it"), kind="SECRET"), report(finding(row, "not offered"))
    assert compare_rights(full, restricted).lost == []
    assert compare_rights(replace(full, key_kind="RESTRICTED"), restricted).lost != []
    assert compare_rights(full, report(finding(row, "nothing"))).lost != []
