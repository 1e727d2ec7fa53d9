"""The table of permissions keeps to the rules that make probing harmless."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from tillwright.domains.verification.permissions import PERMISSIONS, key_page, wanted_rights
from tillwright.gateways.stripe import facts
from tillwright_sandbox.rights import ALL, needed
from tillwright_sandbox.tables import operations

BY_TEMPLATE = {(row["method"].upper(), row["path"]): row for row in operations()}


def template(method: str, path: str) -> str:
    wanted = facts.template_of(path)
    return next(
        known
        for verb, known in BY_TEMPLATE
        if verb == method and "/".join("{}" if part[0:1] == "{" else part for part in known.split("/")) == wanted
    )


def test_no_two_rows_name_one_right() -> None:
    rights = [row.right for row in PERMISSIONS]
    assert len(rights) == len(set(rights))
    assert set(rights) <= ALL


def test_every_probe_asks_for_the_right_of_its_row() -> None:
    for row in PERMISSIONS:
        if row.write:
            assert needed("POST", template("POST", row.write))[0] == row.right, row.right
        if row.read:
            path = row.read.partition("?")[0]
            assert needed("GET", template("GET", path))[0] == row.reading, row.right


def test_a_write_probe_is_aimed_at_nothing_or_leaves_out_what_is_required() -> None:
    for row in PERMISSIONS:
        if not row.write:
            continue
        last = row.write.removesuffix("/expire").rsplit("/", 1)[1]
        if last == "none" or last.endswith("_none"):
            continue
        required = BY_TEMPLATE["POST", template("POST", row.write)]["params"].get("required", [])
        assert required or row.right == "customer_session_write", f"{row.right} would make an object"


def test_every_row_says_what_to_tick_and_what_is_lost() -> None:
    for row in PERMISSIONS:
        assert ": " in row.dashboard
        assert row.loses.endswith(".")


def test_the_key_page_is_filled_in() -> None:
    parts = urlsplit(key_page("Tillwright"))
    query = parse_qs(parts.query)
    assert (parts.netloc, parts.path) == ("dashboard.stripe.com", "/apikeys/create")
    assert query["name"] == ["Tillwright"]
    assert query["permissions[]"] == wanted_rights()
    assert "rak_charge_write" in wanted_rights()
    assert "rak_payout_write" not in wanted_rights()
