"""What a person is told when an account can't be linked or read: code, sentence, what to do. Pure."""

from __future__ import annotations

from tillwright.kit.errors import Absent, Conflict, Denied, Invalid

_AGAIN = "Press Connect Stripe again on this page."


def no_integration() -> Conflict:
    return Conflict(
        "platform_absent",
        "Your organisation has not connected its own Stripe account, through which yours is reached.",
        remedy="Ask an administrator of your organisation to connect it under Integrations.",
    )


def no_client_id() -> Conflict:
    return Conflict(
        "connect_client_id_missing",
        "Your organisation's Stripe integration has no Connect client id, so Stripe can't ask you for access.",
        remedy="An administrator finds it in Stripe's Dashboard under Settings › Connect and adds it on this page.",
    )


def connected_already(title: str, mode: str) -> Conflict:
    return Conflict(
        "connection_exists", f"You are connected to {title} in {mode} mode.", remedy="Delete that connection first."
    )


def state_refused() -> Denied:
    """One answer for missing, wrong, expired, used and foreign: it tells a guesser nothing."""
    return Denied(
        "connection_state_refused",
        "This answer from Stripe does not belong to a connection that you began here in the last ten minutes.",
        remedy=_AGAIN,
    )


def denied_at_stripe(said: str) -> Denied:
    return Denied(
        "connection_denied",
        "You did not give access at Stripe; nothing was connected."
        if said == "access_denied"
        else "Stripe did not let you give access; nothing was connected.",
        remedy="An administrator can set another scope or client id." if said == "invalid_scope" else _AGAIN,
        oauth=said,
    )


def no_code() -> Invalid:
    return Invalid("connection_code_missing", "Stripe sent no code along.", field="code", remedy=_AGAIN)


def integration_changed() -> Conflict:
    return Conflict(
        "integration_changed",
        "Your organisation's Stripe integration was changed while you were at Stripe; nothing was connected.",
        remedy=_AGAIN,
    )


def other_mode(wanted: str) -> Conflict:
    return Conflict(
        "connection_of_other_mode",
        f"Stripe gave access in the other mode than {wanted}; nothing was connected.",
        remedy=f"Choose {wanted} mode at Stripe. {_AGAIN}",
    )


def own_platform() -> Conflict:
    return Conflict(
        "connection_is_platform",
        "This is your organisation's own account; it needs no connection of yours.",
        remedy="Choose another account at Stripe.",
    )


def linked_elsewhere() -> Conflict:
    return Conflict(
        "account_linked_elsewhere",
        "This Stripe account is linked by another user or organisation; nothing was connected.",
        remedy="Have it disconnected there first, or choose another account.",
    )


def not_connected(mode: str | None = None) -> Absent:
    where = f" in {mode} mode" if mode else ""
    return Absent(
        "connection_absent",
        f"You have not connected a Stripe account of your own{where}.",
        remedy="Connect it under Settings → User integrations.",
    )


def no_such(connection_id: str) -> Absent:
    return Absent(
        "connection_absent", f"There is no connection {connection_id[:60]}.", field="id", remedy="See the list of them."
    )


def ended() -> Denied:
    return Denied(
        "connection_ended",
        "Stripe has ended our access to your account; the connection and what was read of it are erased.",
        remedy="Connect it again under Settings → User integrations.",
    )
