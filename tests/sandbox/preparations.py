"""The states some operations need before they can be asked for: the walk's longer recipes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.sandbox.recipes import bank_token, customer_with_card, paid, paid_charge

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
            "items": [{"price": monthly(walker)}],
            "discounts": [{"coupon": walker.have("coupon")}],
        },
    )
    return {"subscription_exposed_id": made["id"], "customer": customer}


def only_subscription(walker: Walker) -> Path:
    return {"subscription_exposed_id": discounted_subscription(walker)["subscription_exposed_id"]}


def monthly(walker: Walker) -> str:
    return walker.call(
        "PostPrices",
        {"unit_amount": 1500, "currency": "usd", "product": "@product", "recurring": {"interval": "month"}},
    )["id"]


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
    store = walker.sandbox.objects
    refund = store.get("refund", made)
    refund["status"] = status
    store.touch(refund)
    return {"refund": made}


def capable_account(walker: Walker) -> Path:
    return {"account": walker.have("account"), "capability": "transfers"}


def kept_secret(walker: Walker) -> Path:
    walker.call("PostAppsSecrets", {"name": "name", "payload": "x", "scope": {"type": "account"}})
    return {}


def funded(walker: Walker) -> Path:
    paid_charge(walker)
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
