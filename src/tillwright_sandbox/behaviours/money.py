"""What amounts does Stripe take in which currency, and what does it keep as its fee?"""

from __future__ import annotations

from tillwright_sandbox.errors import StripeError

ZERO_DECIMAL = frozenset([
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf",
])  # fmt: skip
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
# Written with two decimals that must be 00, for the sake of old integrations (docs.stripe.com/currencies).
WHOLE_UNITS = frozenset(["isk", "ugx"])

# Minimum charge in minor units (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
MAXIMUM = 99_999_999

# Currencies Stripe takes; anything else is refused by name.
KNOWN = frozenset([
    "aed", "afn", "all", "amd", "ang", "aoa", "ars", "aud", "awg", "azn", "bam", "bbd", "bdt", "bgn", "bhd", "bif",
    "bmd", "bnd", "bob", "brl", "bsd", "bwp", "byn", "bzd", "cad", "cdf", "chf", "clp", "cny", "cop", "crc", "cve",
    "czk", "djf", "dkk", "dop", "dzd", "egp", "etb", "eur", "fjd", "fkp", "gbp", "gel", "gip", "gmd", "gnf", "gtq",
    "gyd", "hkd", "hnl", "hrk", "htg", "huf", "idr", "ils", "inr", "isk", "jmd", "jod", "jpy", "kes", "kgs", "khr",
    "kmf", "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl", "mad", "mdl", "mga", "mkd", "mmk", "mnt",
    "mop", "mro", "mru", "mur", "mvr", "mwk", "mxn", "myr", "mzn", "nad", "ngn", "nio", "nok", "npr", "nzd", "omr",
    "pab", "pen", "pgk", "php", "pkr", "pln", "pyg", "qar", "ron", "rsd", "rub", "rwf", "sar", "sbd", "scr", "sek",
    "sgd", "shp", "sle", "sll", "sos", "srd", "std", "svc", "szl", "thb", "tjs", "tnd", "top", "try", "ttd", "twd",
    "tzs", "uah", "ugx", "usd", "usdc", "uyu", "uzs", "vnd", "vuv", "wst", "xaf", "xcd", "xcg", "xof", "xpf", "yer",
    "zar", "zmw",
])  # fmt: skip


def currency(code: str, param: str = "currency") -> str:
    """The currency in lower case, or Stripe's refusal of an unknown one."""
    lower = code.lower()
    if lower not in KNOWN:
        raise StripeError(
            400,
            "invalid_request_error",
            None,
            f"Invalid currency: {lower}. Stripe currently supports these currencies: {', '.join(sorted(KNOWN))}",
            param,
        )
    return lower


def shown(amount: int, code: str) -> str:
    """An amount as Stripe's messages write it: "$0.50 usd", "¥50 jpy"."""
    sign = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}.get(code, "")
    if code in ZERO_DECIMAL:
        return f"{sign}{amount:,} {code}"
    places = 3 if code in THREE_DECIMAL else 2
    whole, rest = divmod(abs(amount), 10**places)
    return f"{'-' if amount < 0 else ''}{sign}{whole:,}.{rest:0{places}d} {code}"


def check_charge(amount: int, code: str, param: str = "amount") -> None:
    """Refuse an amount no charge can have in this currency: below the minimum, above the maximum, or not payable."""
    if amount < 1:
        text = "This value must be greater than or equal to 1."
        raise StripeError(400, "invalid_request_error", "parameter_invalid_integer", text, param)
    if amount < MINIMUM.get(code, 1):
        text = f"Amount must be at least {shown(MINIMUM[code], code)}"
        raise StripeError(400, "invalid_request_error", "amount_too_small", text, param)
    if amount > MAXIMUM:
        text = f"Amount must be no more than {shown(MAXIMUM, code)}"
        raise StripeError(400, "invalid_request_error", "amount_too_large", text, param)
    if code in THREE_DECIMAL and amount % 10:
        text = f"Invalid amount: {amount}. Amounts in {code} must end in 0: its last decimal can't be charged."
        raise StripeError(400, "invalid_request_error", "parameter_invalid_integer", text, param)
    if code in WHOLE_UNITS and amount % 100:
        text = f"Invalid amount: {amount}. Amounts in {code} must be evenly divisible by 100."
        raise StripeError(400, "invalid_request_error", "parameter_invalid_integer", text, param)


# The fixed part of the fee in minor units; 2.9 % comes on top.
_FIXED_FEE = {"usd": 30, "eur": 25, "gbp": 20, "cad": 30, "aud": 30, "jpy": 0, "chf": 30, "sek": 180, "dkk": 180}


def fee(amount: int, code: str) -> int:
    """Stripe's fee in minor units: 2.9 % (half rounded up) and a fixed part, never above the amount."""
    fixed = _FIXED_FEE.get(code, 0 if code in ZERO_DECIMAL else 30)
    return min(amount, (amount * 29 + 500) // 1000 + fixed)
