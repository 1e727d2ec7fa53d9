"""Which test card behaves how? One row a card, known by its number, its pm_card_… name and its fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tillwright_sandbox.behaviours.declines import DECLINES, Decline


@dataclass(frozen=True)
class Card:
    """A test card. `name` is what follows pm_card_ and tok_; the rest says what it does (docs.stripe.com/testing)."""

    name: str
    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    refused: str = ""  # decline on every use: attach, setup, charge
    charge_refused: str = ""  # attaches well, declined when charged
    authentication: str = ""  # "always"; "setup" until set up for off-session use; "done": was set up before
    dispute: str = ""  # reason of the dispute that follows a successful charge; "inquiry" opens as a warning
    refund: str = ""  # "pending": succeeds later; "failed": succeeds and fails later
    risk: str = "normal"
    cvc_check: str = "pass"
    line1_check: str = "pass"
    postal_check: str = "pass"
    settles_now: bool = False  # the money skips the pending balance

    @property
    def fingerprint(self) -> str:
        """Stripe's fingerprint: equal for equal numbers; here it also leads back to the row."""
        return fingerprint(self.number)

    @property
    def last4(self) -> str:
        return self.number[-4:]

    def declines(self, charging: bool) -> Decline | None:
        """How the card is refused, if it is: when `charging`, or when only saved."""
        code = self.refused or (self.charge_refused if charging else "")
        return DECLINES[code] if code else None


def fingerprint(number: str) -> str:
    """16 letters and digits that are a pure function of a card or account number."""
    digest = int.from_bytes(hashlib.sha256(f"card:{number}".encode()).digest(), "big")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    letters: list[str] = []
    for _ in range(16):
        digest, rest = divmod(digest, len(alphabet))
        letters.append(alphabet[rest])
    return "".join(letters)


def luhn(number: str) -> bool:
    """Does the number pass the check digit every real card number passes?"""
    if not number.isdigit():
        return False
    digits = [int(d) for d in reversed(number)]
    doubled = (d * 2 - 9 if d * 2 > 9 else d * 2 for d in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


_BRANDS = [
    Card("visa", "4242424242424242"),
    Card("visa_debit", "4000056655665556", funding="debit"),
    Card("mastercard", "5555555555554444", "mastercard"),
    Card("mastercard_debit", "5200828282828210", "mastercard", "debit"),
    Card("mastercard_prepaid", "5105105105105100", "mastercard", "prepaid"),
    Card("mastercard_2series", "2223003122003222", "mastercard"),
    Card("amex", "378282246310005", "amex"),
    Card("amex_two", "371449635398431", "amex"),
    Card("discover", "6011111111111117", "discover"),
    Card("discover_debit", "6011981111111113", "discover", "debit"),
    Card("diners", "3056930009020004", "diners"),
    Card("diners_14digits", "36227206271667", "diners"),
    Card("jcb", "3566002020360505", "jcb", country="JP"),
    Card("unionpay", "6200000000000005", "unionpay", country="CN"),
]

_COUNTRIES = [
    Card(country.lower(), number, country=country)
    for country, number in {
        "AR": "4000000320000021", "BR": "4000000760000002", "CA": "4000001240000000", "CL": "4000001520000001",
        "CO": "4000001700000003", "CR": "4000001880000005", "EC": "4000002180000000", "MX": "4000004840008001",
        "PA": "4000005910000000", "PY": "4000006000000066", "PE": "4000006040000068", "UY": "4000008580000003",
        "AE": "4000007840000001", "AT": "4000000400000008", "BE": "4000000560000004", "BG": "4000001000000000",
        "BY": "4000001120000005", "HR": "4000001910000009", "CY": "4000001960000008", "CZ": "4000002030000002",
        "DK": "4000002080000001", "EE": "4000002330000009", "FI": "4000002460000001", "FR": "4000002500000003",
        "DE": "4000002760000016", "GI": "4000002920000005", "GR": "4000003000000030", "HU": "4000003480000005",
        "IE": "4000003720000005", "IT": "4000003800000008", "LV": "4000004280000005", "LI": "4000004380000004",
        "LT": "4000004400000000", "LU": "4000004420000006", "MT": "4000004700000007", "NL": "4000005280000002",
        "NO": "4000005780000007", "PL": "4000006160000005", "PT": "4000006200000007", "RO": "4000006420000001",
        "SA": "4000006820000007", "SI": "4000007050000006", "SK": "4000007030000001", "ES": "4000007240000007",
        "SE": "4000007520000008", "CH": "4000007560000009", "GB": "4000008260000000", "AU": "4000000360000006",
        "CN": "4000001560000002", "HK": "4000003440000004", "IN": "4000003560000008", "JP": "4000003920000003",
        "MY": "4000004580000002", "NZ": "4000005540000008", "SG": "4000007020000003", "TW": "4000001580000008",
        "TH": "4000007640000003",
    }.items()
]  # fmt: skip

_DECLINED = [
    Card("chargeDeclined", "4000000000000002", refused="generic_decline"),
    Card("visa_chargeDeclined", "4000000000000002", refused="generic_decline"),
    Card("chargeDeclinedInsufficientFunds", "4000000000009995", refused="insufficient_funds"),
    Card("visa_chargeDeclinedInsufficientFunds", "4000000000009995", refused="insufficient_funds"),
    Card("chargeDeclinedLostCard", "4000000000009987", refused="lost_card"),
    Card("visa_chargeDeclinedLostCard", "4000000000009987", refused="lost_card"),
    Card("chargeDeclinedStolenCard", "4000000000009979", refused="stolen_card"),
    Card("visa_chargeDeclinedStolenCard", "4000000000009979", refused="stolen_card"),
    Card("chargeDeclinedExpiredCard", "4000000000000069", refused="expired_card"),
    Card("chargeDeclinedIncorrectCvc", "4000000000000127", refused="incorrect_cvc", cvc_check="fail"),
    Card("chargeDeclinedProcessingError", "4000000000000119", refused="processing_error"),
    Card("chargeDeclinedVelocityLimitExceeded", "4000000000006975", refused="card_velocity_exceeded"),
    Card("visa_chargeDeclinedVelocityLimitExceeded", "4000000000006975", refused="card_velocity_exceeded"),
    Card("chargeDeclinedFraudulent", "4100000000000019", charge_refused="fraudulent", risk="highest"),
    Card("radarBlock", "4100000000000019", charge_refused="fraudulent", risk="highest"),
    Card("chargeCustomerFail", "4000000000000341", charge_refused="generic_decline"),
]

_CHECKED = [
    Card("riskLevelElevated", "4000000000009235", risk="elevated"),
    Card("riskLevelHighest", "4000000000004954", charge_refused="fraudulent", risk="highest"),
    Card("cvcCheckFail", "4000000000000101", cvc_check="fail"),
    Card("avsFail", "4000000000000010", line1_check="fail", postal_check="fail"),
    Card("avsLine1Fail", "4000000000000028", line1_check="fail"),
    Card("avsZipFail", "4000000000000036", postal_check="fail"),
    Card("avsUnchecked", "4000000000000044", line1_check="unavailable", postal_check="unavailable"),
]

_AUTHENTICATED = [
    Card("authenticationRequiredOnSetup", "4000002500003155", authentication="setup"),
    Card("authenticationRequired", "4000002760003184", authentication="always"),
    Card("authenticationRequiredSetupForOffSession", "4000003800000446", authentication="done"),
    Card(
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        "4000008260003178",
        authentication="always",
        charge_refused="insufficient_funds",
    ),
    Card("threeDSecure2Required", "4000000000003220", authentication="always"),
    Card("threeDSecureRequired", "4000000000003063", authentication="always"),
    Card(
        "threeDSecureRequiredChargeDeclined",
        "4000008400001629",
        authentication="always",
        charge_refused="generic_decline",
    ),
    Card("threeDSecureOptional", "4000000000003055"),
    Card("threeDSecureRequiredProcessingError", "4000008400001280", authentication="always",
         charge_refused="processing_error"),
]  # fmt: skip

_AFTERWARDS = [
    Card("createDispute", "4000000000000259", dispute="fraudulent"),
    Card("createDisputeProductNotReceived", "4000000000002685", dispute="product_not_received"),
    Card("createDisputeInquiry", "4000000000001976", dispute="inquiry"),
    Card("pendingRefund", "4000000000007726", refund="pending"),
    Card("refundFail", "4000000000005126", refund="failed"),
    Card("bypassPending", "4000000000000077", settles_now=True),
]

CARDS = [*_BRANDS, *_COUNTRIES, *_DECLINED, *_CHECKED, *_AUTHENTICATED, *_AFTERWARDS]
BY_NAME = {card.name: card for card in CARDS} | {"us": _BRANDS[0]}
BY_NUMBER = {card.number: card for card in reversed(CARDS)}
BY_FINGERPRINT = {card.fingerprint: card for card in BY_NUMBER.values()}

_PREFIXES = [
    ("34", "amex"), ("37", "amex"), ("36", "diners"), ("30", "diners"), ("35", "jcb"), ("62", "unionpay"),
    ("60", "discover"), ("65", "discover"), ("5", "mastercard"), ("2", "mastercard"),
]  # fmt: skip


def by_number(number: str) -> Card:
    """The card of a number; one not in the table is a plain card of the brand its first digits name."""
    if known := BY_NUMBER.get(number):
        return known
    brand = next((brand for prefix, brand in _PREFIXES if number.startswith(prefix)), "visa")
    return Card("", number, brand)


def by_fingerprint(print_: str | None) -> Card:
    """The card a stored payment method, card or source was made from; an unknown one is a plain card."""
    return BY_FINGERPRINT.get(print_ or "") or Card("", "0" * 16)
