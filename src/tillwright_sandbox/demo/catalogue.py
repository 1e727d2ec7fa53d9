"""What the demo sells: plans by month and year, add-ons, one-off services; and the coupons and codes to sell it."""

from dataclasses import dataclass
from typing import Any

# Rough price levels against the US dollar; a price ends on a whole unit.
LEVELS = {"usd": 1.0, "eur": 0.95, "gbp": 0.8, "cad": 1.35, "aud": 1.5, "jpy": 1.5}
ZERO_DECIMAL = ("jpy",)


@dataclass(frozen=True)
class Item:
    """`dollars` a month (plans, add-ons) or once (services)."""

    key: str
    name: str
    description: str
    dollars: int
    kind: str  # plan, addon, service


ITEMS = (
    Item("starter", "Starter", "For one person: 3 projects, 5 GB, e-mail support.", 19, "plan"),
    Item("team", "Team", "Per seat: unlimited projects, 100 GB, shared workspaces.", 49, "plan"),
    Item("business", "Business", "Single sign-on, audit trail, 1 TB, an hour's response time.", 149, "plan"),
    Item("scale", "Scale", "For large teams: own region, service level of 99.95 %.", 490, "plan"),
    Item("storage", "Extra storage, 100 GB", "Added to any plan.", 10, "addon"),
    Item("support", "Priority support", "A named engineer on your side of the clock.", 99, "addon"),
    Item("onboarding", "Onboarding workshop", "Half a day with our team, on site or by call.", 900, "service"),
    Item("migration", "Data migration", "We bring your data over from where it is today.", 1500, "service"),
    Item("training", "Administrator training", "Two hours, up to ten people.", 350, "service"),
)

COUPONS: tuple[dict[str, Any], ...] = (
    {"id": "WELCOME10", "name": "Welcome, 10 % off the first invoice", "percent_off": 10.0, "duration": "once"},
    {
        "id": "SUMMER25",
        "name": "Summer, 25 % for three months",
        "percent_off": 25.0,
        "duration": "repeating",
        "duration_in_months": 3,
    },
    {"id": "LOYAL15", "name": "Loyalty, 15 % for good", "percent_off": 15.0, "duration": "forever"},
    {"id": "TWENTYOFF", "name": "20 dollars off", "amount_off": 2000, "currency": "usd", "duration": "once"},
    {
        "id": "EARLYBIRD",
        "name": "Early bird, half price for two months",
        "percent_off": 50.0,
        "duration": "repeating",
        "duration_in_months": 2,
        "max_redemptions": 12,
    },
    {"id": "NONPROFIT", "name": "Non-profits, 40 % for good", "percent_off": 40.0, "duration": "forever"},
)

CODES: tuple[dict[str, Any], ...] = (
    {"coupon": "WELCOME10", "code": "WELCOME10"},
    {"coupon": "WELCOME10", "code": "PODCAST", "metadata": {"campaign": "podcast"}},
    {"coupon": "SUMMER25", "code": "SUMMER25", "max_redemptions": 40},
    {"coupon": "TWENTYOFF", "code": "TAKE20", "restrictions": {"first_time_transaction": True}},
    {"coupon": "EARLYBIRD", "code": "EARLYBIRD", "max_redemptions": 12},
    {"coupon": "NONPROFIT", "code": "FORGOOD"},
    {"coupon": "WELCOME10", "code": "CONF2025", "active": False, "metadata": {"campaign": "conference"}},
)


def amount(dollars: int, currency: str, months: int = 1) -> int:
    """Minor units of the currency; a year costs ten months."""
    units = round(dollars * LEVELS[currency]) * (10 if months == 12 else 1)
    return units * 100  # a yen is a hundredth of a dollar, near enough: no minor units, the same number


def products() -> list[dict[str, Any]]:
    return [
        {
            "id": f"prod_{item.key}",
            "name": item.name,
            "description": item.description,
            "metadata": {"kind": item.kind},
            **({"unit_label": "seat"} if item.key == "team" else {}),
        }
        for item in ITEMS
    ]


def prices() -> list[dict[str, Any]]:
    """Every item in every currency; plans and add-ons by month, plans by year too. Found again by lookup_key."""
    rows = []
    for item in ITEMS:
        intervals = {"plan": ("month", "year"), "addon": ("month",), "service": (None,)}[item.kind]
        for currency in LEVELS:
            for interval in intervals:
                months = 12 if interval == "year" else 1
                row: dict[str, Any] = {
                    "product": f"prod_{item.key}",
                    "currency": currency,
                    "unit_amount": amount(item.dollars, currency, months),
                    "lookup_key": lookup_key(item.key, currency, interval),
                    "nickname": f"{item.name}, {'once' if interval is None else interval + 'ly'}, {currency.upper()}",
                }
                if interval:
                    row["recurring"] = {"interval": interval}
                rows.append(row)
    return rows


def lookup_key(item: str, currency: str, interval: str | None) -> str:
    return f"{item}_{interval or 'once'}_{currency}"
