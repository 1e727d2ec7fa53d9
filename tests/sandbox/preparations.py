"""The states some operations need before they can be asked for: the walk's longer recipes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.sandbox.recipes import bank_token, customer_with_card, monthly_price, open_invoice, paid, paid_charge, payout

if TYPE_CHECKING:
    from tests.sandbox.walker import Walker

Path = dict[str, str]


def to_capture(walker: Walker, **more: Any) -> Path:
    return {"intent": walker.call("PostPaymentIntents", paid(capture_method="manual", **more))["id"]}


def to_confirm(walker: Walker) -> Path:
    return {"intent": walker.call("PostPaymentIntents", {"amount": 2000, "currency": "usd"})["id"]}


def disputed(walker: Walker) -> Path:
    intent = walker.call("PostPaymentIntents", paid(payment_method="pm_card_createDispute"))
    return {"charge": intent["latest_charge"]}


def dispute(walker: Walker) -> Path:
    charge = disputed(walker)["charge"]
    return {"dispute": walker.call("GetChargesChargeDispute", charge=charge)["id"]}


def discounted_customer(walker: Walker) -> Path:
    subscription = discounted_subscription(walker)
    discount = {"coupon": walker.have("coupon"), "type": "coupon"}
    customer = subscription["customer"]
    walker.seed("discount", customer=customer, source=discount)
    store = walker.sandbox.objects
    made = store.find("discount", customer=customer)[0]
    owner = store.get("customer", customer)
    owner["discount"] = made["id"]
    store.touch(owner)
    return {"customer": customer}


def discounted_subscription(walker: Walker) -> Path:
    customer = walker.have("customer")
    walker.call("PostPaymentMethodsPaymentMethodAttach", {"customer": customer}, payment_method="pm_card_visa")
    method = walker.call("GetCustomersCustomerPaymentMethods", customer=customer)["data"][0]["id"]
    made = walker.call(
        "PostSubscriptions",
        {
            "customer": customer,
            "default_payment_method": method,
            "items": [{"price": monthly_price(walker)}],
            "discounts": [{"coupon": walker.have("coupon")}],
        },
    )
    return {"subscription_exposed_id": made["id"], "customer": customer}


def only_subscription(walker: Walker) -> Path:
    return {"subscription_exposed_id": discounted_subscription(walker)["subscription_exposed_id"]}


def opened(walker: Walker) -> Path:
    return {"invoice": open_invoice(walker)}


def line_of_invoice(walker: Walker) -> Path:
    invoice = walker.have("invoice")
    lines = walker.call("GetInvoicesInvoiceLines", invoice=invoice)["data"]
    return {"invoice": invoice, "line_item_id": lines[0]["id"]}


def draft_with_line(walker: Walker, **change: Any) -> Path:
    place = line_of_invoice(walker)
    walker.also = {"lines": [{"id": place["line_item_id"]} | change]}
    return {"invoice": place["invoice"]}


def unpaid_of_customer(walker: Walker) -> Path:
    """An invoice and a PaymentIntent of one customer."""
    invoice = open_invoice(walker)
    customer = walker.call("GetInvoicesInvoice", invoice=invoice)["customer"]
    intent = walker.call("PostPaymentIntents", {"amount": 700, "currency": "usd", "customer": customer})
    walker.also = {"payment_intent": intent["id"]}
    return {"invoice": invoice}


def customer_with_cash(walker: Walker) -> Path:
    """A PaymentIntent by bank transfer, and money that came in for it but was not applied yet."""
    customer = walker.have("customer")
    by_hand = {"settings": {"reconciliation_mode": "manual"}}
    walker.call("PostCustomersCustomerCashBalance", by_hand, customer=customer)
    given = {
        "amount": 700,
        "currency": "usd",
        "customer": customer,
        "payment_method_types": ["customer_balance"],
        "payment_method_data": {"type": "customer_balance"},
        "payment_method_options": {
            "customer_balance": {"funding_type": "bank_transfer", "bank_transfer": {"type": "us_bank_transfer"}}
        },
        "confirm": True,
    }
    intent = walker.call("PostPaymentIntents", given)
    funds = {"amount": 400, "currency": "usd"}
    walker.call("PostTestHelpersCustomersCustomerFundCashBalance", funds, customer=customer)
    return {"intent": intent["id"]}


def open_quote(walker: Walker) -> Path:
    quote = walker.have("quote")
    walker.call("PostQuotesQuoteFinalize", quote=quote)
    return {"quote": quote}


def set_in_store(walker: Walker, object: str, id_: str, **values: Any) -> None:
    """A state that only time or a bank brings about."""
    store = walker.sandbox.objects
    obj = store.get(object, id_)
    obj.update(values)
    store.touch(obj)


def paid_payout(walker: Walker) -> Path:
    made = payout(walker)
    set_in_store(walker, "payout", made, status="paid")
    return {"payout": made}


def paused_subscription(walker: Walker) -> Path:
    made = walker.have("subscription")
    set_in_store(walker, "subscription", made, status="paused")
    return {"subscription": made}


def one_of_two_items(walker: Walker) -> Path:
    subscription = walker.have("subscription")
    given = {"subscription": subscription, "price": monthly_price(walker)}
    return {"item": walker.call("PostSubscriptionItems", given)["id"]}


def idle_meter(walker: Walker) -> Path:
    meter = walker.have("billing.meter")
    walker.call("PostBillingMetersIdDeactivate", id=meter)
    return {"id": meter}


def bank_account(walker: Walker) -> Path:
    customer = walker.have("customer")
    made = walker.call("PostCustomersCustomerSources", {"source": bank_token(walker)}, customer=customer)
    return {"customer": customer, "id": made["id"]}


def to_increment(walker: Walker) -> Path:
    options = {"card": {"request_incremental_authorization": "if_available"}}
    return to_capture(walker, amount=500, payment_method_options=options)


def held_by_charge_alone(walker: Walker) -> Path:
    given = {"amount": 900, "currency": "usd", "customer": customer_with_card(walker), "capture": "false"}
    return {"charge": walker.call("PostCharges", given)["id"]}


def attached(walker: Walker) -> Path:
    return {"payment_method": with_method(walker)["payment_method"]}


def with_method(walker: Walker) -> Path:
    customer, method = walker.have("customer"), walker.have("payment_method")
    walker.call("PostPaymentMethodsPaymentMethodAttach", {"customer": customer}, payment_method=method)
    return {"customer": customer, "payment_method": method}


def refund_waiting(walker: Walker, status: str) -> Path:
    """A refund in a state that only a bank's slowness brings about."""
    charge = paid_charge(walker)
    made = walker.call("PostRefunds", {"charge": charge, "amount": 100})["id"]
    set_in_store(walker, "refund", made, status=status)
    return {"refund": made}


def capable_account(walker: Walker) -> Path:
    return {"account": walker.have("account"), "capability": "transfers"}


def kept_secret(walker: Walker) -> Path:
    walker.call("PostAppsSecrets", {"name": "name", "payload": "x", "scope": {"type": "account"}})
    return {}


def funded(walker: Walker) -> Path:
    walker.call("PostPaymentIntents", paid(amount=500_000))
    return {}


PATHS: dict[str, Callable[[Walker], Path]] = {
    "PostPaymentIntentsIntentCapture": to_capture,
    "PostPaymentIntentsIntentConfirm": to_confirm,
    "PostPaymentIntentsIntentIncrementAuthorization": to_increment,
    "PostPaymentMethodsPaymentMethod": attached,
    "PostPaymentMethodsPaymentMethodDetach": attached,
    "GetCustomersCustomerPaymentMethodsPaymentMethod": with_method,
    "PostRefundsRefundCancel": lambda walker: refund_waiting(walker, "requires_action"),
    "PostTestHelpersRefundsRefundExpire": lambda walker: refund_waiting(walker, "requires_action"),
    "GetAccountsAccountCapabilitiesCapability": capable_account,
    "PostAccountsAccountCapabilitiesCapability": capable_account,
    "PostInvoicesInvoiceAttachPayment": unpaid_of_customer,
    "PostInvoicesInvoiceRemoveLines": lambda walker: draft_with_line(walker, behavior="delete"),
    "PostInvoicesInvoiceUpdateLines": lambda walker: draft_with_line(walker, description="Changed"),
    "PostPaymentIntentsIntentApplyCustomerBalance": customer_with_cash,
    "PostQuotesQuoteAccept": open_quote,
    "PostInvoicesInvoiceMarkUncollectible": opened,
    "PostInvoicesInvoicePay": opened,
    "PostInvoicesInvoiceSend": opened,
    "PostInvoicesInvoiceVoid": opened,
    "PostInvoicesInvoiceLinesLineItemId": line_of_invoice,
    "PostPayoutsPayoutReverse": paid_payout,
    "PostSubscriptionsSubscriptionResume": paused_subscription,
    "DeleteSubscriptionItemsItem": one_of_two_items,
    "PostBillingMetersIdReactivate": idle_meter,
    "GetAppsSecretsFind": kept_secret,
    "PostAppsSecretsDelete": kept_secret,
    "PostPayouts": funded,
    "PostTransfers": funded,
    "PostChargesChargeCapture": held_by_charge_alone,
    "GetChargesChargeDispute": disputed,
    "PostChargesChargeDispute": disputed,
    "PostChargesChargeDisputeClose": disputed,
    "PostDisputesDisputeClose": dispute,
    "GetCustomersCustomerDiscount": discounted_customer,
    "DeleteCustomersCustomerDiscount": discounted_customer,
    "DeleteSubscriptionsSubscriptionExposedIdDiscount": only_subscription,
    "GetCustomersCustomerSubscriptionsSubscriptionExposedIdDiscount": discounted_subscription,
    "DeleteCustomersCustomerSubscriptionsSubscriptionExposedIdDiscount": discounted_subscription,
    "PostCustomersCustomerBankAccountsIdVerify": bank_account,
    "PostCustomersCustomerSourcesIdVerify": bank_account,
}
