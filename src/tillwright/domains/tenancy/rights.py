"""The table of rights: a row each, with the lowest role that has it."""

from __future__ import annotations

from tillwright.kit.errors import Invalid

ROLES = ("VIEWER", "EDITOR", "ADMIN")

RIGHTS = {
    "integration:read": "VIEWER",
    "integration:write": "ADMIN",
    "integration:verify": "EDITOR",
    "mirror:read": "VIEWER",
    "mirror:write": "EDITOR",
    "mirror:open_reader": "ADMIN",
    "entitlement:read": "VIEWER",
    "entitlement:write": "EDITOR",
    "billing:write": "EDITOR",
    "workflow:read": "VIEWER",
    "workflow:write": "EDITOR",
    "workflow:run": "EDITOR",
    "workflow:approve": "EDITOR",
    "workflow:stop": "EDITOR",
    "workflow:caps": "ADMIN",
    "notification:read": "VIEWER",
    "notification:write": "EDITOR",
    "contact:read": "VIEWER",
    "contact:write": "EDITOR",
    "connection:write": "VIEWER",
    "connection:oversee": "ADMIN",
    "assistant:use": "VIEWER",
    "assistant:organisation": "VIEWER",
    "api_client:read": "ADMIN",
    "api_client:write": "ADMIN",
    "audit:read": "ADMIN",
    "organisation:read": "VIEWER",
    "organisation:write": "ADMIN",
    "session:write": "ADMIN",
    "user:read": "VIEWER",
    "user:write": "ADMIN",
}


def allows(role: str, right: str) -> bool:
    """Whether the role has the right; a right that has no row is a mistake of ours and raises KeyError."""
    return ROLES.index(role) >= ROLES.index(RIGHTS[right])


def at_least(role: str, needed: str) -> bool:
    """Whether a role is this one or a higher one."""
    return ROLES.index(role) >= ROLES.index(needed)


def role_of(text: str) -> str:
    """The role of that name.

    Raises:
        Invalid: there is none.
    """
    if text not in ROLES:
        raise Invalid(
            "role_unknown", f"There is no role {text[:40]!r}.", field="role", remedy="Choose ADMIN, EDITOR or VIEWER."
        )
    return text
