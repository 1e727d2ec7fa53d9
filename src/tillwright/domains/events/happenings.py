"""What can happen here, a row each: how the spine names it and what its data holds, shown by an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Happening:
    """One kind of event of ours; `*` in its name stands for any word, such as a partner.

    `example` has every field its data can have, each with a value of the field's kind; a field may be null or left out.
    """

    name: str
    summary: str
    example: Mapping[str, Any]


def _of(pattern: str, data: Mapping[str, Any], **actions: str) -> Sequence[Happening]:
    """Rows that share their data: `pattern` without its last word, and a sentence for each such word."""
    return [Happening(f"{pattern}:{action}", summary, data) for action, summary in actions.items()]


_ENTITLEMENT: Mapping[str, Any] = {
    "entitlementId": "ent_01k0example0000000000000000",
    "name": "Pro plan for Acme",
    "status": "ACTIVE",
    "buyerId": "cus_Example1",
    "buyerName": "Acme GmbH",
    "buyerEmail": "billing@acme.example",
    "productId": "prod_Example1",
    "productName": "Pro plan",
    "startTime": "2026-02-14T09:00:00Z",
    "endTime": "2027-02-14T09:00:00Z",
    "renewTime": "2027-02-14T09:00:00Z",
    "livemode": False,
    "accountId": "acct_1Example",
    "autoRenew": False,
    "stripeEventId": "evt_1Example",
}
_PURCHASE_TERM: Mapping[str, Any] = {
    "id": "pte_01k0example0000000000000000",
    "objectId": "prod_Example1",
    "term": "P1Y",
    "appliesFrom": "2027-02-14T09:00:00Z",
    "livemode": False,
}
_INTEGRATION: Mapping[str, Any] = {
    "partner": "STRIPE",
    "service": "PAYMENT",
    "accountId": "acct_1Example",
    "mode": "test",
    "by": "Ada Lovelace",
}
_VERIFIED: Mapping[str, Any] = {
    "partner": "STRIPE",
    "service": "PAYMENT",
    "outcome": "VERIFIED",
    "reasons": ["A permission is missing."],
    "accountId": "acct_1Example",
    "mode": "test",
    "reportId": "vrf_01k0example0000000000000000",
    "changes": ["Coupons can be written now."],
    "endpoint": "enabled",
}
_CONNECTION: Mapping[str, Any] = {
    "connectionId": "con_01k0example0000000000000000",
    "userId": "usr_01k0example0000000000000000",
    "accountId": "acct_1Example",
    "mode": "live",
}
_MEMBER: Mapping[str, Any] = {
    "userId": "usr_01k0example0000000000000000",
    "name": "Grace Hopper",
    "email": "grace@northwind.example",
    "role": "EDITOR",
    "by": "Ada Lovelace",
}
_KEY: Mapping[str, Any] = {
    "apiClientId": "apc_01k0example0000000000000000",
    "name": "Backend",
    "role": "EDITOR",
    "by": "Ada Lovelace",
}
_WORKFLOW: Mapping[str, Any] = {
    "workflow": "wfl_01k0example0000000000000000",
    "name": "win_back_failed_payment",
    "version": 3,
    "state": "ACTIVE",
    "by": "Ada Lovelace",
    "override": "No back-test of this text.",
}
_RUN: Mapping[str, Any] = {
    "run": "run_0k3example000000000000000000",
    "workflow": "win_back_failed_payment",
    "workflowId": "wfl_01k0example0000000000000000",
}
_ENDED: Mapping[str, Any] = {
    **_RUN,
    "reason": "mail: The mail server refused it.",
    "livemode": False,
    "depth": 0,
}
_APPROVAL: Mapping[str, Any] = {
    "approvalId": "apr_0k3example000000000000000000",
    **_RUN,
    "step": "refund",
    "amount": 4900,
    "currency": "eur",
}
_DECIDED: Mapping[str, Any] = {**_APPROVAL, "hash": "9f86d081884c7d65", "by": "Ada Lovelace", "livemode": False}
_SENT: Mapping[str, Any] = {
    "message": "msg_01k0example0000000000000000",
    "key": "mail:run_0k3example:mail:1",
    "attempts": 1,
    "error": "550 no such mailbox",
}

HAPPENINGS: Sequence[Happening] = (
    *_of(
        "entitlement:*",
        _ENTITLEMENT,
        create="An entitlement began or will begin.",
        update="Its terms changed.",
        pending_cancel="It will end and not renew.",
        cancel="It was ended before its time.",
        reinstate="It goes on after all.",
        suspend="It is held, for want of payment.",
        terminate="It came to its end.",
    ),
    *_of(
        "entitlement:*",
        {**_ENTITLEMENT, "daysLeft": 30, "offset": 30, "initial": True},
        end_soon="It ends soon: the first notice, then a reminder every five days.",
    ),
    *_of(
        "purchase_term:*",
        _PURCHASE_TERM,
        updated="What buying a product or a price once grants was set.",
        deleted="Such a setting was taken away.",
    ),
    *_of("entitlement:*", {**_ENTITLEMENT, "daysLeft": 7}, renew_soon="It renews soon."),
    *_of(
        "integration:*",
        _INTEGRATION,
        created="A partner was connected.",
        updated="Its settings were changed.",
        rotated="It has another key.",
        switched="It changed between test and live mode.",
        paused="It was paused.",
        resumed="It goes on.",
    ),
    *_of(
        "integration:*",
        {**_INTEGRATION, "receiptId": "rcp_01k0example0000000000000000", "leftAtStripe": 0},
        deleted="A partner was disconnected.",
    ),
    *_of(
        "integration:*",
        _VERIFIED,
        verified="Every needed permission is there.",
        not_verified="A permission is missing, or the key no longer works.",
    ),
    *_of("connection:STRIPE", {**_CONNECTION, "scope": "read_only"}, created="A person linked their own account."),
    *_of("connection:STRIPE", {**_CONNECTION, "why": "asked for by the user"}, ended="Such a link ended."),
    *_of(
        "connection:STRIPE",
        {**_CONNECTION, "why": "It was taken back at Stripe.", "email": "ada@northwind.example"},
        lost="Such a link ended without its person’s doing.",
    ),
    *_of("user:MEMBER", {**_MEMBER, "invitedBy": "Ada Lovelace"}, created="A new person joined.",
         added="A person who had a sign-in joined."),
    *_of("user:MEMBER", {**_MEMBER, "was": "VIEWER"}, updated="A person’s role changed."),
    *_of("user:MEMBER", {**_MEMBER, "forgotten": False}, deleted="A person was removed."),
    *_of(
        "user:INVITATION",
        {"invitationId": "inv_01k0example0000000000000000", "email": "grace@northwind.example", "role": "EDITOR",
         "by": "Ada Lovelace"},
        created="A person was invited.",
    ),
    *_of(
        "api_client:*",
        _KEY,
        created="A key for programs was made.",
        secret_rotated="Its secret was replaced.",  # noqa: S106 - a word of the event's name
        deleted="It was revoked.",
    ),
    *_of(
        "organisation:SETTINGS",
        {"name": "Northwind", "timeZone": "Europe/Berlin", "was": ["Northwind", "UTC"]},
        updated="The organisation’s name or time zone changed.",
    ),
    *_of(
        "workflow:DEFINITION",
        _WORKFLOW,
        created="A workflow was saved for the first time.",
        saved="It has a new version.",
        activated="It starts runs.",
        paused="It starts none.",
        deleted="It was deleted.",
    ),
    *_of(
        "workflow:RUN",
        _ENDED,
        done="A run came to its end.",
        skipped="By then its condition no longer held.",
        failed="It ended before its last step.",
        unknown="Nobody knows whether a step of it took place.",
        cancelled="A person ended it.",
    ),
    *_of(
        "workflow:STEP",
        {key: value for key, value in _RUN.items() if key != "workflowId"}
        | {"step": "refund", "effect": "eff_01k0example0000000000000000"},
        unknown="A step was sent and no answer came.",
    ),
    *_of(
        "workflow:STEP",
        {**_RUN, "step": "refund", "done": True, "effects": ["eff_01k0example0000000000000000"],
         "objectId": "re_Example1", "note": "Seen in the dashboard."},
        declared="A person said whether it took place.",
    ),
    *_of(
        "workflow:APPROVAL",
        {**_APPROVAL, "question": "Refund 49.00 EUR?", "role": "EDITOR", "toldRole": "EDITOR", "livemode": False,
         "due": "2027-01-18T12:00:00Z"},
        asked="A step waits for a person’s yes.",
    ),
    *_of("workflow:APPROVAL", _DECIDED, approved="A person said yes.", refused="A person said no."),
    *_of("workflow:SWITCH", {"by": "Ada Lovelace"}, stopped="Everything was stopped.", released="All goes on."),
    *_of("workflow:CAPS", {"amount_per_day": {"eur": 50000}, "writes_per_day": 500}, changed="A limit changed."),
    *_of(
        "workflow:HOOK",
        {"workflow": "wfl_01k0example0000000000000000", "name": "order_came"},
        opened="A workflow got an address of its own.",
        renewed="Its secret was replaced.",
        closed="It was closed.",
    ),
    *_of("run:WORKFLOW", {**_RUN, "step": "mail"}, started="A run was started by hand.",
         cancelled="A person asked for its end.", retried="It was taken up again."),
    *_of("notification:*", _SENT, sent="A mail or a channel’s message was taken.", failed="It was refused for good."),
    *_of("mirror:DRIFT", {"object": "customer", "livemode": False, "count": 2},
         found="A copy differed from Stripe’s object, and was mended."),
    *_of("mirror:GAP", {"from": "2026-12-01T00:00:00+00:00", "to": "2026-12-16T00:00:00+00:00", "livemode": False},
         found="Events are older than Stripe remembers."),
    *_of("mirror:GAP", {"livemode": False, "without": ["coupon"]},
         closed="Every object was read again since, but those of the lists that it names, which could not be."),
    *_of("webhook_endpoint:STRIPE", {"mode": "test", "endpoint": "we_Example1"}, made="Stripe was told where to send."),
)  # fmt: skip


def meets(pattern: str, name: str) -> bool:
    """Whether there can be an event that both name; `*` in either stands for any word."""
    ours, theirs = pattern.split(":", 2), name.split(":", 2)
    return len(ours) == len(theirs) and all(a == b or "*" in (a, b) for a, b in zip(ours, theirs, strict=True))


def called(name: str) -> Sequence[Happening]:
    """The rows that a name, perhaps with a `*` in it, can mean."""
    return [row for row in HAPPENINGS if meets(name, row.name)]
