"""The trail: who did what, chained so that a changed or missing entry shows."""

from tillwright.domains.audit.model import Actor, Entry
from tillwright.domains.audit.openings import Opened, Openings
from tillwright.domains.audit.service import first_break, head, opened, opened_meanwhile, query, recent, record

__all__ = [
    "Actor",
    "Entry",
    "Opened",
    "Openings",
    "first_break",
    "head",
    "opened",
    "opened_meanwhile",
    "query",
    "recent",
    "record",
]
