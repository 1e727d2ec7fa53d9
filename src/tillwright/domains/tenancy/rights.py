"""The table of rights: a row each, with the lowest role that has it."""

from __future__ import annotations

ROLES = ("VIEWER", "EDITOR", "ADMIN")

RIGHTS = {
    "integration:read": "VIEWER",
    "integration:write": "ADMIN",
    "integration:verify": "EDITOR",
    "mirror:read": "VIEWER",
    "mirror:write": "EDITOR",
    "mirror:open_reader": "ADMIN",
    "workflow:read": "VIEWER",
    "workflow:write": "EDITOR",
    "notification:read": "VIEWER",
    "notification:write": "EDITOR",
    "api_client:read": "ADMIN",
    "api_client:write": "ADMIN",
    "audit:read": "ADMIN",
    "user:write": "ADMIN",
}


def allows(role: str, right: str) -> bool:
    """Whether the role has the right; a right that has no row is a mistake of ours and raises KeyError."""
    return ROLES.index(role) >= ROLES.index(RIGHTS[right])
