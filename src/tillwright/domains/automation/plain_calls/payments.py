"""Payment intents, charges, disputes and what guards against fraud."""

from __future__ import annotations

from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import CURRENCY, LABELS, an, call, like

_AREA = "Payments"
_INTENT = an("payment intent")
_CHARGE = an("charge")
_DISPUTE = an("dispute")
_AMOUNT = Input("integer", "In minor units.", required=True, low=1, high=99_999_999_999)
_METHOD = Input("id", "The payment method's id.")
_DESCRIPTION = Input("text", "What it is for, for your own books.", longest=1000)

ROWS = (
    call("create_payment_intent", "Prepare a payment, for the customer to confirm.", "payment_intents.create",
         {
             "amount": _AMOUNT,
             "currency": CURRENCY,
             "customer": an("customer", required=False),
             "payment_method": _METHOD,
             "description": _DESCRIPTION,
             "receipt_email": Input("email", "Where Stripe sends the receipt.", longest=512),
             "capture_method": Input("text", "When the money is taken.", default="automatic",
                                     choices=("automatic", "automatic_async", "manual")),
             "setup_future_usage": Input("text", "Keep the method for later.", choices=("on_session", "off_session")),
             "metadata": LABELS,
         }, area=_AREA),
    call("charge_customer", "Take a payment from a stored method, without the customer being there.",
         "payment_intents.create",
         {
             "customer": an("customer"),
             "payment_method": Input("id", "The stored method to take it from.", required=True),
             "amount": _AMOUNT,
             "currency": CURRENCY,
             "description": _DESCRIPTION,
             "receipt_email": Input("email", "Where Stripe sends the receipt.", longest=512),
             "metadata": LABELS,
         }, fixed={"confirm": True, "off_session": True}, area=_AREA),
    call("get_payment_intent", "Read a payment intent as it is now.", "payment_intents.get",
         {"payment_intent": _INTENT}, area=_AREA),
    call("update_payment_intent", "Change a payment intent that is not over.", "payment_intents.update",
         {
             "payment_intent": _INTENT,
             "description": _DESCRIPTION,
             "receipt_email": Input("email", "Where Stripe sends the receipt.", longest=512),
             "metadata": LABELS,
         }, area=_AREA),
    call("confirm_payment_intent", "Try a prepared payment now.", "payment_intents.confirm",
         {
             "payment_intent": _INTENT,
             "payment_method": _METHOD,
             "off_session": Input("boolean", "The customer is not there."),
         }, area=_AREA),
    call("capture_payment_intent", "Take the money of an authorised payment.", "payment_intents.capture",
         {
             "payment_intent": _INTENT,
             "amount_to_capture": Input("integer", "In minor units; all that was authorised if left out.", low=1),
             "metadata": LABELS,
         }, area=_AREA),
    call("cancel_payment_intent", "Call off a payment that did not succeed.", "payment_intents.cancel",
         {
             "payment_intent": _INTENT,
             "cancellation_reason": Input("text", "Why.", choices=(
                 "abandoned", "duplicate", "fraudulent", "requested_by_customer")),
         }, area=_AREA),
    call("get_charge", "Read a charge as it is now.", "charges.get", {"charge": _CHARGE}, area=_AREA),
    call("update_charge", "Change a charge's description, receipt address and labels.", "charges.update",
         {
             "charge": _CHARGE,
             "description": _DESCRIPTION,
             "receipt_email": Input("email", "Where Stripe sends the receipt.", longest=512),
             "metadata": LABELS,
         }, area=_AREA),
    call("mark_charge_fraudulent", "Tell Stripe that a charge is fraud, so that its rules learn from it.",
         "charges.update", {"charge": _CHARGE}, fixed={"fraud_details": {"user_report": "fraudulent"}}, area=_AREA),
    call("mark_charge_safe", "Tell Stripe that a charge is no fraud.", "charges.update", {"charge": _CHARGE},
         fixed={"fraud_details": {"user_report": "safe"}}, area=_AREA),
    call("capture_charge", "Take the money of an authorised charge.", "charges.capture",
         {"charge": _CHARGE, "amount": Input("integer", "In minor units; all of it if left out.", low=1)}, area=_AREA),
    call("block_value", "Put an address, a card or a country on one of Radar's lists.", "radar.value_list_items.create",
         {
             "value_list": Input("id", "The list's id (rsl_…).", required=True),
             "value": Input("text", "What to put on it.", required=True, longest=800),
         }, area=_AREA),
    call("approve_review", "Close a review: the payment is good.", "reviews.approve", {"review": an("review")},
         area=_AREA),
    call("get_refund", "Read a refund as it is now.", "refunds.get", {"refund": an("refund")}, area="Refunds"),
    call("update_refund", "Change a refund's labels.", "refunds.update",
         {"refund": an("refund"), "metadata": LABELS}, area="Refunds"),
    call("cancel_refund", "Call off a refund that waits for the customer.", "refunds.cancel",
         {"refund": an("refund")}, area="Refunds"),
    call("get_dispute", "Read a dispute as it is now.", "disputes.get", {"dispute": _DISPUTE}, area="Disputes"),
    call("add_dispute_evidence", "Add to a dispute's evidence, without sending it yet.", "disputes.update",
         {
             "dispute": _DISPUTE,
             "evidence": like("disputes.update", "evidence", "What speaks for you.", required=True),
             "metadata": LABELS,
         }, fixed={"submit": False}, area="Disputes"),
    call("submit_dispute_evidence", "Send a dispute's evidence to the bank; it can't be changed after that.",
         "disputes.update",
         {
             "dispute": _DISPUTE,
             "evidence": like("disputes.update", "evidence", "What speaks for you."),
             "metadata": LABELS,
         }, fixed={"submit": True}, area="Disputes"),
    call("accept_dispute", "Give a dispute up: the money stays with the customer, for good.", "disputes.close",
         {"dispute": _DISPUTE}, area="Disputes"),
)  # fmt: skip
