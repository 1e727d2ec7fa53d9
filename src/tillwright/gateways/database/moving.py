"""A database that was moved: servers count their transactions from the start, and rows remember the old one's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from tillwright.gateways.database.tables import SCHEMA
from tillwright.kit.seal import Secret

Renumbering = Callable[[psycopg.Connection[Any]], int]
"""Takes the owner's connection; returns the number the server must have passed, 0 if there was nothing to do."""


def settle_in(owner_url: Secret, renumberings: Sequence[Renumbering]) -> bool:
    """Put what is ordered by transactions into this server's numbers; True if anything had to be.

    Looks at the ends of indexes only, unless the database came from a server that was ahead of this one. Nothing else
    may use the database yet; processes that start together wait for each other.
    """
    with psycopg.connect(owner_url.reveal()) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended('settling in', 4212))")
        connection.execute(f"set local search_path = {SCHEMA}, pg_temp")  # type: ignore[arg-type]  # a constant
        passed = max(renumber(connection) for renumber in renumberings)
    if not passed:
        return False
    with psycopg.connect(owner_url.reveal(), autocommit=True) as connection:
        # Rarely more than a few: a young server is past them by what restoring the dump took.
        while connection.execute("select pg_current_xact_id()::text::bigint <= %s", (passed,)).fetchone() == (True,):
            pass
    return True
