"""The side bar's entries, a row each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """`section` is what a page calls itself to be marked as the current one."""

    section: str
    title: str
    path: str
    icon: str


@dataclass(frozen=True)
class Group:
    title: str
    entries: tuple[Entry, ...]


GROUPS = (
    Group(
        "",
        (
            Entry("overview", "Overview", "/", "layout-dashboard"),
            Entry("integrations", "Integrations", "/integrations", "plug"),
        ),
    ),
    Group(
        "Assistant",
        (
            Entry("assistant", "Ask", "/assistant", "search"),
            Entry("chat", "Chat", "/assistant/chat", "zap"),
        ),
    ),
    Group(
        "Stripe data",
        (
            Entry("customers", "Customers", "/customers", "users"),
            Entry("payments", "Payments", "/payments", "credit-card"),
            Entry("invoices", "Invoices", "/invoices", "receipt"),
            Entry("entitlements", "Entitlements", "/entitlements", "calendar-clock"),
            Entry("coupons", "Coupons", "/coupons", "ticket-percent"),
            Entry("events", "Events", "/events", "radio"),
            Entry("health", "Data health", "/health", "shield-check"),
        ),
    ),
    Group(
        "Automation",
        (
            Entry("workflows", "Workflows", "/workflows", "workflow"),
            Entry("runs", "Runs", "/runs", "list-checks"),
            Entry("approvals", "Approvals", "/approvals", "inbox"),
        ),
    ),
    Group(
        "Notices",
        (
            Entry("told", "Notices", "/notifications", "radio"),
            Entry("mails", "Mails", "/mails", "mail"),
            Entry("contacts", "Contacts", "/contacts", "users"),
        ),
    ),
    Group(
        "Settings",
        (
            Entry("user-integrations", "User integrations", "/settings/user-integrations", "plug"),
            Entry("secrets", "Secrets", "/settings/secrets", "key-round"),
            Entry("keys", "API keys", "/settings/api-keys", "key-round"),
            Entry("notices", "Notifications", "/settings/notifications", "send"),
            Entry("users", "Users", "/settings/users", "users"),
            Entry("sessions", "Sessions", "/settings/sessions", "monitor"),
            Entry("audit", "Audit", "/settings/audit", "shield-check"),
            Entry("organisation", "Organisation", "/settings/organisation", "building-2"),
            Entry("test-copy", "Test copy", "/settings/test-copy", "copy"),
        ),
    ),
)
