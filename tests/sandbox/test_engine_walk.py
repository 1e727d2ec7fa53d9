"""All operations of Stripe's page, called one by one, their answers validated against the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.conftest import Sandbox
from tests.sandbox.walker import Walker
from tillwright_sandbox.operations import operations

# Operations that cannot be made to answer 200 in a walk, each with its reason; the same list is in the docs.
EXCEPTIONS: dict[str, str] = {}
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_answers_what_the_page_promises(sandbox: Sandbox, part: int) -> None:
    walker = Walker(sandbox)
    names = sorted(operations())[part::PARTS]
    outcomes = [walker.visit(operations()[name]) for name in names]
    bad = {
        one.operation.id: f"{one.status} {one.complaints} {one.message[:300]}"
        for one in outcomes
        if not one.good and one.operation.id not in EXCEPTIONS
    }
    assert bad == {}
    assert len(outcomes) == len(names)


def test_the_page_has_594_operations_of_known_kinds() -> None:
    assert len(operations()) == 594
    kinds = {one.kind for one in operations().values()}
    assert kinds == {"list", "search", "retrieve", "create", "update", "delete", "verb", "singleton"}


def test_each_exception_is_in_the_docs(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "sandbox.md").read_text()
    assert [name for name in EXCEPTIONS if name not in page] == []
