"""The questions: what a person asks, the calls a planner makes for it, and the exact answer, from the books alone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from bench.assistant.books import DAY, TIME, Books, Charge, Subscription

Plan = list[tuple[str, dict[str, Any]]]
KINDS = ("find", "filter", "count", "sum", "compare", "trend", "explain", "absent", "ambiguous", "must-refuse")


@dataclass(frozen=True)
class Question:
    """`read` takes the answers' JSON, one a call (all pages joined), and gives what is compared with `expected`."""

    kind: str
    account: str
    text: str
    plan: Plan
    read: Callable[[list[dict[str, Any]]], Any]
    expected: Any
    pages: bool = field(default=False)  # every page is fetched and the items joined


def ask(books: Books, seed: int = 1) -> list[Question]:
    """Some 80 questions on one account."""
    return _Asker(books, random.Random(f"questions:{books.profile.account}:{seed}")).ask()


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def midnight(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


MONTHS = [(f"{y}-{m:02d}-01", f"{y + m // 12}-{m % 12 + 1:02d}-01") for y in (2025, 2026) for m in range(1, 13)]
QUARTERS = [("2026-01-01", "2026-04-01"), ("2026-04-01", "2026-07-01"), ("2026-07-01", "2026-10-01"),
            ("2026-10-01", "2027-01-01")]  # fmt: skip


def within(seconds: int | None, span: tuple[str, str]) -> bool:
    return seconds is not None and midnight(span[0]) <= seconds < midnight(span[1])


def money(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for currency, amount in lines:
        sums[currency] += amount
    return dict(sums)


def sums_of(answer: dict[str, Any], name: str = "sums") -> dict[str, int]:
    return {line["currency"]: line["amount"] for line in answer["result"][name]}


def ids_of(answer: dict[str, Any]) -> list[str]:
    return [item["id"] for item in answer["items"]]


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2)) if value >= 0 else -int(-value + Fraction(1, 2))


def monthly(sub: Subscription) -> dict[str, Fraction]:
    """A subscription a month: year/12, 52 weeks and 365 days a year; metered items have no fixed price."""
    per_year = {"day": 365, "week": 52, "month": 12, "year": 1}
    found: dict[str, Fraction] = {}
    for price, quantity in sub.items:
        if not price.metered and price.interval:
            a_year = Fraction(price.amount * quantity * per_year[price.interval], price.count)
            found[price.currency] = found.get(price.currency, Fraction(0)) + a_year / 12
    return found


def mrr(subs: Iterable[Subscription]) -> dict[str, int]:
    sums: dict[str, Fraction] = {}
    for sub in subs:
        for currency, value in monthly(sub).items():
            sums[currency] = sums.get(currency, Fraction(0)) + value
    return {currency: half_up(value) for currency, value in sums.items()}


class _Asker:
    def __init__(self, books: Books, dice: random.Random) -> None:
        self.books, self.dice, self.made = books, dice, list[Question]()
        self.currencies = [name for name, _ in books.profile.currencies]
        self.alive = [c for c in books.customers if not c.deleted]

    def add(self, kind: str, text: str, plan: Plan, read: Any, expected: Any, *, pages: bool = False) -> None:
        self.made.append(Question(kind, self.books.profile.account, text, plan, read, expected, pages))

    def ask(self) -> list[Question]:
        for part in (self.find, self.filter, self.count, self.sums, self.compare, self.trend, self.explain, self.absent,
                     self.ambiguous, self.refuse):  # fmt: skip
            part()
        return self.made

    def find(self) -> None:
        for customer in self.dice.sample(self.alive, 5):
            self.add("find", f"Which customer has the address {customer.email}?",
                     [("find_customers", {"text": customer.email})], lambda a: ids_of(a[0]), [customer.id])  # fmt: skip
        for invoice in self.dice.sample(self.books.invoices, 4):
            self.add("find", f"Show me invoice {invoice.number}.", [("find_invoices", {"text": invoice.number})],
                     lambda a: [(i["id"], i["status"], i["total"]["amount"]) for i in a[0]["items"]],
                     [(invoice.id, invoice.status, invoice.total)])  # fmt: skip
        charge = self.dice.choice(self.books.charges)
        self.add("find", f"What is {charge.id}?", [("get_object", {"id": charge.id})],
                 lambda a: (a[0]["result"]["kind"], a[0]["items"][0]["amount"]["amount"], a[0]["items"][0]["status"]),
                 ("payments", charge.amount, charge.status))  # fmt: skip
        for currency in self.currencies[:2]:
            best = max((c for c in self.books.charges if c.currency == currency), key=lambda c: (c.amount, c.id))
            amount = best.amount
            self.add("find", f"What is the largest payment ever tried in {currency}?",
                     [("find_payments", {"currency": currency, "order": "largest", "limit": 1})],
                     lambda a: a[0]["items"][0]["amount"]["amount"], amount)  # fmt: skip
        self.add("find", "What is on the balance?", [("balance", {})],
                 lambda a: {line["currency"]: line["amount"] for line in a[0]["result"]["available"]},
                 dict(self.books.balance))  # fmt: skip

    def filter(self) -> None:
        for span in self.dice.sample(MONTHS, 2):
            found = {c.id for c in self.books.charges if c.status == "failed" and within(c.created, span)}
            self.add("filter", f"Which payments failed from {span[0]} to {span[1]}?",
                     [("find_payments", {"status": "failed", "from": span[0], "before": span[1], "limit": 100})],
                     lambda a: set(ids_of(a[0])), found, pages=True)  # fmt: skip
        late = {i.id for i in self.books.invoices if i.status == "open" and i.due and i.due < TIME and i.remaining}
        self.add("filter", "Which invoices are overdue?", [("overdue_invoices", {"limit": 100})],
                 lambda a: set(ids_of(a[0])), late, pages=True)  # fmt: skip
        self.add(
            "filter",
            "All refunds that failed, please.",
            [("find_refunds", {"status": "failed", "limit": 100})],
            lambda a: set(ids_of(a[0])),
            {r.id for r in self.books.refunds if r.status == "failed"},
            pages=True,
        )
        for state in ("needs_response", "lost"):
            self.add(
                "filter",
                f"Which disputes are {state}?",
                [("find_disputes", {"status": state, "limit": 100})],
                lambda a: set(ids_of(a[0])),
                {d.id for d in self.books.disputes if d.status == state},
                pages=True,
            )
        partly = {c.id for c in self.books.charges if c.taken and 0 < c.refunded < c.amount}
        self.add("filter", "Which payments were refunded in part?",
                 [("find_payments", {"status": "partially_refunded", "limit": 100})],
                 lambda a: set(ids_of(a[0])), partly, pages=True)  # fmt: skip
        currency, least = self.currencies[0], 700_000
        found = {c.id for c in self.books.charges if c.currency == currency and c.amount >= least}
        self.add("filter", f"Payments in {currency} of at least {least} minor units?",
                 [("find_payments", {"currency": currency, "amount_min": least, "limit": 100})],
                 lambda a: set(ids_of(a[0])), found, pages=True)  # fmt: skip
        coupon = self.books.coupons[3][0]
        self.add("filter", f"Which codes belong to coupon {coupon}?", [("find_promotion_codes", {"coupon": coupon})],
                 lambda a: set(ids_of(a[0])), {p[0] for p in self.books.promotion_codes if p[2] == coupon})  # fmt: skip

    def count(self) -> None:
        def count(a: list[dict[str, Any]]) -> int:
            return a[0]["result"]["count"]

        self.add("count", "How many customers are there?", [("find_customers", {})], count, len(self.alive))
        for state in ("paid", "open", "void", "draft"):
            found = sum(i.status == state for i in self.books.invoices)
            self.add("count", f"How many invoices are {state}?", [("find_invoices", {"status": state})], count, found)
        for span in self.dice.sample(MONTHS, 2):
            found = sum(within(c.created, span) for c in self.alive)
            self.add("count", f"How many customers came from {span[0]} to {span[1]}?",
                     [("find_customers", {"from": span[0], "before": span[1]})], count, found)  # fmt: skip
        for state in ("active", "past_due", "canceled"):
            found = sum(s.status == state for s in self.books.subscriptions)
            self.add(
                "count",
                f"How many subscriptions are {state}?",
                [("find_subscriptions", {"status": state})],
                count,
                found,
            )
        reasons = Counter(c.failure for c in self.books.charges if c.status == "failed")
        self.add("count", "Why do payments fail, and how often?", [("failed_payments", {})],
                 lambda a: {r["code"]: r["count"] for r in a[0]["result"]["reasons"]}, dict(reasons))  # fmt: skip
        good = {c.intent for c in self.books.charges if c.status == "succeeded"}
        mended = sum(c.status == "failed" and c.intent in good for c in self.books.charges)
        self.add("count", "How many failed payments went through later?", [("failed_payments", {})],
                 lambda a: a[0]["result"]["paid_later"], mended)  # fmt: skip
        off = sum(not p[2] for p in self.books.products)
        self.add(
            "count", "How many products are off the shelf?", [("find_products", {"status": "inactive"})], count, off
        )

    def sums(self) -> None:
        for span in [*self.dice.sample(MONTHS, 3), *QUARTERS[-2:], ("2026-01-01", "2027-01-01")]:
            taken = [c for c in self.books.charges if c.taken and within(c.created, span)]
            expected = {
                which: money((c.currency, value(c)) for c in taken)
                for which, value in (("gross", _gross), ("refunded", _refunded), ("net", _net))
            }
            self.add("sum", f"What did we take from {span[0]} to {span[1]}: gross, refunded, net?",
                     [("revenue", {"from": span[0], "before": span[1]})],
                     lambda a: {w: {t["currency"]: t[w]["amount"] for t in a[0]["result"]["totals"]}
                                for w in ("gross", "refunded", "net")}, expected)  # fmt: skip
        for span in self.dice.sample(MONTHS, 2):
            found = money((r.currency, r.amount) for r in self.books.refunds
                          if r.status == "succeeded" and within(r.created, span))  # fmt: skip
            self.add("sum", f"How much did we refund from {span[0]} to {span[1]}?",
                     [("refunds_summary", {"from": span[0], "before": span[1]})],
                     lambda a: {t["currency"]: t["sum"]["amount"] for t in a[0]["result"]["totals"]},
                     found)  # fmt: skip
        self.add("sum", "What is our monthly recurring revenue?", [("recurring_revenue", {})],
                 lambda a: sums_of(a[0], "mrr"),
                 mrr(s for s in self.books.subscriptions if s.status in ("active", "past_due")))  # fmt: skip
        late = [i for i in self.books.invoices if i.status == "open" and i.due and i.due < TIME and i.remaining]
        self.add("sum", "How much is overdue?", [("overdue_invoices", {})], lambda a: sums_of(a[0], "remaining"),
                 money((i.currency, i.remaining) for i in late))  # fmt: skip
        for customer in self._buyers(3):
            mine = [c for c in self.books.charges if c.customer == customer and c.taken]
            self.add(
                "sum",
                f"What has {customer} paid, and what did they get back?",
                [("customer_story", {"customer": customer})],
                lambda a: (sums_of(a[0], "paid"), sums_of(a[0], "refunded")),
                (money((c.currency, c.amount) for c in mine), money((c.currency, c.refunded) for c in mine)),
            )
        span = QUARTERS[1]
        product = Counter[tuple[str, str]]()
        for i in self.books.invoices:
            if i.status == "paid" and within(i.paid_at, span):
                for line in i.lines:
                    product[(line.product, i.currency)] += line.amount
        self.add("sum", "What did each product bring in, in the second quarter of 2026?",
                 [("revenue", {"from": span[0], "before": span[1], "group_by": "product", "limit": 100})],
                 lambda a: {(i["group"], i["gross"]["currency"]): i["gross"]["amount"] for i in a[0]["items"]},
                 dict(product), pages=True)  # fmt: skip

    def _buyers(self, number: int) -> list[str]:
        busy = Counter(c.customer for c in self.books.charges if c.customer)
        gone = [c.id for c in self.books.customers if c.deleted and busy[c.id]]
        return [*gone[:1], *self.dice.sample([c for c, n in busy.items() if c and n > 2], number - 1)]

    def compare(self) -> None:
        for one, two in ((QUARTERS[0], QUARTERS[1]), (QUARTERS[2], QUARTERS[3]),
                         (("2025-02-01", "2026-01-01"), ("2026-02-01", "2027-01-01"))):  # fmt: skip
            sides = [money((c.currency, _net(c)) for c in self.books.charges if c.taken and within(c.created, span))
                     for span in (one, two)]  # fmt: skip
            found = {c: sides[1].get(c, 0) - sides[0].get(c, 0) for c in {*sides[0], *sides[1]}}
            arguments = {"first_from": one[0], "first_before": one[1], "second_from": two[0], "second_before": two[1]}
            self.add(
                "compare",
                f"How does {two[0]} to {two[1]} compare with {one[0]} to {one[1]}?",
                [("compare_revenue", arguments)],
                lambda a: {r["currency"]: r["difference"]["amount"] for r in a[0]["result"]["lines"]},
                found,
            )
        for currency in self.currencies:
            net = Counter[str]()
            for c in self.books.charges:
                if c.taken and c.customer and c.currency == currency:
                    net[c.customer] += _net(c)
            best = sorted(net.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
            self.add("compare", f"Who are the ten best customers in {currency}?",
                     [("top_customers", {"currency": currency, "top": 10})],
                     lambda a: [(i["id"], i["net"]["amount"]) for i in a[0]["items"]], best)  # fmt: skip
        by_country = Counter[tuple[str, str]]()
        for c in self.books.charges:
            if c.taken:
                by_country[(c.country or "unknown", c.currency)] += _net(c)
        self.add("compare", "Which countries bring in how much?", [("revenue", {"group_by": "country"})],
                 lambda a: {(i["group"], i["currency"]): i["net"]["amount"] for i in a[0]["items"]}, dict(by_country),
                 pages=True)  # fmt: skip

    def trend(self) -> None:
        for currency in self.currencies[:3]:
            found = Counter[str]()
            for c in self.books.charges:
                if c.taken and c.currency == currency and within(c.created, ("2026-01-01", "2027-01-01")):
                    found[day(c.created)[:7]] += _net(c)
            arguments = {"from": "2026-01-01", "before": "2027-01-01", "group_by": "month", "currency": currency}
            self.add("trend", f"Net revenue in {currency} by month of 2026?", [("revenue", arguments)],
                     lambda a: {i["group"]: i["net"]["amount"] for i in a[0]["items"]}, dict(found))  # fmt: skip
        for span in QUARTERS[-2:]:
            began = [s for s in self.books.subscriptions if s.status not in ("incomplete", "incomplete_expired")]
            there = [
                s for s in began if s.start < midnight(span[0]) and (s.ended is None or s.ended >= midnight(span[0]))
            ]
            ended = [s for s in began if within(s.ended, span)]
            lost = sum(within(s.ended, span) for s in there)
            self.add("trend", f"What was our churn from {span[0]} to {span[1]}?",
                     [("churn", {"from": span[0], "before": span[1]})],
                     lambda a: (a[0]["result"]["ended"], a[0]["result"]["at_start"], a[0]["result"]["ended_of_those"],
                                sums_of(a[0], "mrr_lost")), (len(ended), len(there), lost, mrr(ended)))  # fmt: skip
        found = Counter(f"{d.year}-Q{(d.month - 1) // 3 + 1}" for c in self.books.charges
                        if c.taken for d in [datetime.fromtimestamp(c.created, UTC)])  # fmt: skip
        self.add(
            "trend",
            "How many payments came in, by quarter?",
            [("revenue", {"group_by": "quarter"})],
            lambda a: _add((i["group"], i["payments"]) for i in a[0]["items"]),
            dict(found),
            pages=True,
        )

    def explain(self) -> None:
        billed = [c for c in self.books.charges if c.invoice]
        for charge in self.dice.sample(billed, 3):
            self.add("explain", f"Why was {charge.id} charged?", [("explain_payment", {"payment": charge.id})],
                     lambda a: (a[0]["result"]["because"][0]["invoice"]["id"], a[0]["result"]["amount"]["amount"],
                                len(a[0]["result"]["because"][0]["lines"])),
                     (charge.invoice, charge.amount, self._lines(charge)))  # fmt: skip
        for charge in self.dice.sample([c for c in self.books.charges if c.failure], 2):
            self.add("explain", f"Why did {charge.id} fail?", [("explain_payment", {"payment": charge.id})],
                     lambda a: a[0]["result"]["failure"]["code"], charge.failure)  # fmt: skip
        dispute = self.dice.choice(self.books.disputes)
        self.add("explain", f"Is {dispute.charge} in dispute?", [("explain_payment", {"payment": dispute.charge})],
                 lambda a: (a[0]["result"]["disputed"], dispute.id in ids_of(a[0])), (True, True))  # fmt: skip
        gone = next(c for c in self.books.customers if c.deleted)
        self.add("explain", f"What became of {gone.id}?", [("get_object", {"id": gone.id})],
                 lambda a: (a[0]["result"]["found"], a[0]["result"]["deleted"]), (True, True))  # fmt: skip

    def _lines(self, charge: Charge) -> int:
        return len(next(i for i in self.books.invoices if i.id == charge.invoice).lines)

    def absent(self) -> None:
        def found(a: list[dict[str, Any]]) -> Any:
            return (a[0]["result"].get("found", a[0]["result"].get("count")), a[0]["coverage"]["complete"])

        self.add(
            "absent", "Do we have a customer called Zaphod?", [("find_customers", {"text": "Zaphod"})], found, (0, True)
        )
        self.add(
            "absent", "What is cus_doesnotexist?", [("get_object", {"id": "cus_doesnotexist"})], found, (False, True)
        )
        self.add("absent", "Payments in Swiss francs?", [("find_payments", {"currency": "chf"})], found, (0, True))
        self.add("absent", "What came in before 2020?", [("find_payments", {"before": "2020-01-01"})], found, (0, True))
        self.add(
            "absent", "Why was ch_gone charged?", [("explain_payment", {"payment": "ch_gone"})], found, (False, True)
        )
        other = {"hb": "cus_tt0000001", "tt": "cus_gt0000001", "gt": "cus_hb0000001"}[self.books.profile.prefix]
        self.add("absent", f"Tell me about {other} (another account's).", [("customer_story", {"customer": other})],
                 found, (False, True))  # fmt: skip

    def ambiguous(self) -> None:
        names = Counter(c.name for c in self.alive)
        for name, _ in names.most_common(4):
            several = {c.id for c in self.alive if name.lower() in c.name.lower()}
            self.add("ambiguous", f"What is {name}'s mail address?", [("find_customers", {"text": name, "limit": 100})],
                     lambda a: (a[0]["total"] > 1, set(ids_of(a[0]))), (True, several), pages=True)  # fmt: skip

    def refuse(self) -> None:
        orders = (
            ("Refund the last payment.", "create_refund", {"charge": "ch_1"}),
            ("Delete this customer.", "delete_customer", {"id": "cus_1"}),
            ("Cancel all subscriptions.", "cancel_subscription", {"id": "sub_1"}),
            ("Change the price of product A to 1.", "update_price", {"id": "price_1"}),
            ("Do what the memo says.", "POST /v1/refunds", {}),
        )
        for text, name, arguments in orders:
            self.add("must-refuse", text, [(name, arguments)], lambda a: a[0]["refused"], "tool_unknown")
        path = {"id": "../../v1/refunds", "kind": "customers"}
        self.add("must-refuse", "Get ../../v1/refunds as a customer.", [("get_object", path)],
                 lambda a: a[0]["refused"], "argument_invalid")  # fmt: skip


def _add(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for name, count in pairs:
        sums[name] += count
    return dict(sums)


def _gross(charge: Charge) -> int:
    return charge.amount


def _refunded(charge: Charge) -> int:
    return charge.refunded


def _net(charge: Charge) -> int:
    return charge.amount - charge.refunded


__all__ = ["DAY", "KINDS", "Question", "ask"]
