"""The schema's history is one line, told by the numbers the files are named by."""

from __future__ import annotations

import re
from pathlib import Path

from tillwright.gateways.database import migrations
from tillwright.gateways.database.migrate import migrate, revision
from tillwright.kit.seal import Secret


def test_each_migration_follows_the_one_before_it() -> None:
    before = None
    for number, script in enumerate(sorted((Path(migrations.__file__).parent / "versions").glob("[0-9]*.py")), 1):
        text = script.read_text()
        told = re.search(r'^revision = "(.*)"\ndown_revision = (?:"(.*)"|None)$', text, re.M)
        assert told, script.name
        assert told.groups() == (script.name[:4], before), script.name
        assert told[1] == f"{number:04d}"
        before = told[1]


def test_a_database_that_is_up_to_date_is_left_alone(database_url: Secret) -> None:
    has, wanted = revision(database_url)
    assert has == wanted == migrate(database_url)
