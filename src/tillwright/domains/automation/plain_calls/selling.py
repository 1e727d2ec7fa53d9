"""Payment methods, checkout sessions, payment links, and what is sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import CURRENCY, LABELS, an, call, like
from tillwright.kit.errors import Problem

_METHOD = Input("id", "The payment method's id.", required=True)
_SESSION = Input("id", "The session's id (cs_…).", required=True)
_LINK = Input("id", "The link's id (plink_…).", required=True)
_PRODUCT = {
    "description": Input("text", "What customers read about it.", longest=40_000),
    "metadata": LABELS,
}


def _rhythm(given: Mapping[str, Any]) -> Sequence[Problem]:
    if given.get("interval_count") is None or given.get("interval") is not None:
        return ()
    return [Problem("input_missing", "`interval_count` counts an `interval`.", "interval", "Such as month.")]


ROWS = (
    call("attach_payment_method", "Give a customer a payment method.", "payment_methods.attach",
         {"payment_method": _METHOD, "customer": an("customer")}, area="Payment methods"),
    call("detach_payment_method", "Take a payment method from its customer, for good.", "payment_methods.detach",
         {"payment_method": _METHOD}, area="Payment methods"),
    call("set_default_payment_method", "Make a method the one a customer's invoices are paid with.",
         "customers.update", {"customer": an("customer"), "payment_method": _METHOD},
         places={"payment_method": "invoice_settings.default_payment_method"}, area="Payment methods"),
    call("get_payment_method", "Read a payment method as it is now.", "payment_methods.get",
         {"payment_method": _METHOD}, area="Payment methods"),
    call("list_payment_methods", "Read a customer's payment methods.", "customers.payment_methods.list",
         {
             "customer": an("customer"),
             "type": like("customers.payment_methods.list", "type", "Of one kind only, such as card."),
             "limit": Input("integer", "How many.", low=1, high=100, default=100),
         }, area="Payment methods"),
    call("update_payment_method", "Change a payment method's name, address and labels.", "payment_methods.update",
         {
             "payment_method": _METHOD,
             "billing_details": like("payment_methods.update", "billing_details", "Whose it is."),
             "metadata": LABELS,
         }, area="Payment methods"),
    call("get_checkout_session", "Read a checkout session as it is now.", "checkout.sessions.get",
         {"session": _SESSION}, area="Checkout"),
    call("expire_checkout_session", "Close a checkout session: nobody can pay by it any more.",
         "checkout.sessions.expire", {"session": _SESSION}, area="Checkout"),
    call("update_checkout_session", "Change a checkout session's labels.", "checkout.sessions.update",
         {"session": _SESSION, "metadata": LABELS}, area="Checkout"),
    call("get_payment_link", "Read a payment link as it is now.", "payment_links.get", {"payment_link": _LINK},
         area="Payment links"),
    call("activate_payment_link", "Let a payment link be used again.", "payment_links.update",
         {"payment_link": _LINK}, fixed={"active": True}, area="Payment links"),
    call("deactivate_payment_link", "Let nobody pay by a link any more.", "payment_links.update",
         {"payment_link": _LINK, "inactive_message": Input("text", "What they read instead.", longest=500)},
         fixed={"active": False}, area="Payment links"),
    call("create_product", "Make something that can be sold.", "products.create",
         {"name": Input("text", "What it is called.", required=True, longest=250), **_PRODUCT}, area="Products"),
    call("update_product", "Change a product.", "products.update",
         {
             "product": an("product"),
             "name": Input("text", "What it is called.", longest=250),
             "active": Input("boolean", "Whether it can be bought."),
             **_PRODUCT,
         }, area="Products"),
    call("create_price", "Make a price of a product.", "prices.create",
         {
             "product": an("product"),
             "currency": CURRENCY,
             "unit_amount": Input("integer", "In minor units.", required=True, low=0),
             "interval": Input("text", "How often, if it is a subscription's.",
                               choices=("day", "week", "month", "year")),
             "interval_count": Input("integer", "Every how many of these.", low=1, high=156),
             "nickname": Input("text", "Your own name for it.", longest=5000),
             "metadata": LABELS,
         },
         places={"interval": "recurring.interval", "interval_count": "recurring.interval_count"}, cross=_rhythm,
         area="Products"),
    call("archive_price", "Let a price not be used for anything new.", "prices.update", {"price": an("price")},
         fixed={"active": False}, area="Products"),
)  # fmt: skip
