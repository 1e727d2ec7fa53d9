"""Subscriptions: begin, change, pause, end; and what was used."""

from __future__ import annotations

from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import LABELS, an, call, like

_AREA = "Subscriptions"
_SUBSCRIPTION = an("subscription")
_PRORATION = Input(
    "text", "What a change in mid-period costs.", choices=("create_prorations", "always_invoice", "none")
)

ROWS = (
    call("create_subscription", "Begin a subscription.", "subscriptions.create",
         {
             "customer": an("customer"),
             "items": like("subscriptions.create", "items", "What they subscribe to: a list of {price, quantity}.",
                           required=True),
             "trial_period_days": Input("integer", "How many days are free at first.", low=1, high=730),
             "default_payment_method": Input("id", "What it is paid with; the customer's usual one if left out."),
             "payment_behavior": Input("text", "What happens if the first payment fails.", choices=(
                 "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")),
             "collection_method": Input("text", "Take it from the stored method, or send invoices.",
                                        choices=("charge_automatically", "send_invoice")),
             "days_until_due": Input("integer", "How many days they have to pay a sent invoice.", low=1, high=3650),
             "cancel_at": Input("time", "When it ends, if that is known."),
             "metadata": LABELS,
         }, area=_AREA),
    call("get_subscription", "Read a subscription as it is now.", "subscriptions.get",
         {"subscription": _SUBSCRIPTION}, area=_AREA),
    call("update_subscription", "Change a subscription.", "subscriptions.update",
         {
             "subscription": _SUBSCRIPTION,
             "items": like("subscriptions.update", "items", "Its items: a list of {id, price, quantity}."),
             "default_payment_method": Input("id", "What it is paid with."),
             "proration_behavior": _PRORATION,
             "metadata": LABELS,
         }, area=_AREA),
    call("change_subscription_item", "Change the price or the quantity of one item of a subscription.",
         "subscription_items.update",
         {
             "item": Input("id", "The item's id (si_…), such as ${object.items.data[0].id}.", required=True),
             "price": Input("id", "The new price."),
             "quantity": Input("integer", "How many.", low=0, high=1_000_000),
             "proration_behavior": _PRORATION,
         }, area=_AREA),
    call("extend_trial", "Move the end of a subscription's free time.", "subscriptions.update",
         {"subscription": _SUBSCRIPTION, "trial_end": Input("time", "When the free time ends.", required=True)},
         fixed={"proration_behavior": "none"}, area=_AREA),
    call("end_trial", "End a subscription's free time now; the first period begins.", "subscriptions.update",
         {"subscription": _SUBSCRIPTION}, fixed={"trial_end": "now"}, area=_AREA),
    call("pause_subscription", "Collect nothing for a subscription until it is resumed.", "subscriptions.update",
         {
             "subscription": _SUBSCRIPTION,
             "behavior": Input("text", "What becomes of its invoices meanwhile.", default="void",
                               choices=("void", "keep_as_draft", "mark_uncollectible")),
             "resumes_at": Input("time", "When it goes on by itself."),
         },
         places={"behavior": "pause_collection.behavior", "resumes_at": "pause_collection.resumes_at"}, area=_AREA),
    call("unpause_subscription", "Collect for a paused subscription again.", "subscriptions.update",
         {"subscription": _SUBSCRIPTION}, fixed={"pause_collection": ""}, area=_AREA),
    call("end_subscription", "End a subscription at the end of its paid period.", "subscriptions.update",
         {"subscription": _SUBSCRIPTION}, fixed={"cancel_at_period_end": True}, area=_AREA),
    call("end_subscription_on", "End a subscription on a day.", "subscriptions.update",
         {"subscription": _SUBSCRIPTION, "cancel_at": Input("time", "When it ends.", required=True)}, area=_AREA),
    call("keep_subscription", "Take back that a subscription ends after its paid period.", "subscriptions.update",
         {"subscription": _SUBSCRIPTION}, fixed={"cancel_at_period_end": False}, area=_AREA),
    call("cancel_subscription", "End a subscription at once, for good.", "subscriptions.delete",
         {
             "subscription": _SUBSCRIPTION,
             "invoice_now": Input("boolean", "Bill what was used and not billed yet."),
             "prorate": Input("boolean", "Credit the rest of the paid period."),
         }, area=_AREA),
    call("record_usage", "Report what a customer used, to one of your meters.", "billing.meter_events.create",
         {
             "event_name": Input("text", "The meter's event.", required=True, longest=100),
             "customer": an("customer"),
             "value": Input("integer", "How much.", required=True, low=0),
             "identifier": Input("text", "A name Stripe counts only once a day, against doubles.", longest=100),
             "timestamp": Input("time", "When; now if left out."),
         },
         places={"customer": "payload.stripe_customer_id", "value": "payload.value"}, area=_AREA),
)  # fmt: skip
