"""The mail that brings an invoice to somebody: its subject, as text and as HTML. Pure."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment

from tillwright.domains.billing.reading import text_of
from tillwright.domains.mirror.model import MirrorObject
from tillwright.kit import money
from tillwright.kit.clock import from_unix

_HTML = Environment(autoescape=True).from_string(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Invoice {{ number }}</title></head>
<body style="font-family: sans-serif; max-width: 40rem; margin: 2rem auto; color: #1f2328">
<h1 style="font-size: 1.3rem">Invoice {{ number }}</h1>
<p>{{ name }}</p>
<table style="width: 100%; border-collapse: collapse">
{% for line in lines %}
<tr><td style="padding: .4rem 0">{{ line.description }}</td><td style="text-align: right">{{ line.amount }}</td></tr>
{% endfor %}
<tr style="border-top: 1px solid #d0d7de; font-weight: bold">
<td style="padding: .4rem 0">{{ "Due " + due if due else "Due" }}</td>
<td style="text-align: right">{{ total }}</td></tr>
</table>
{% if memo %}<p>{{ memo }}</p>{% endif %}
{% if url %}<p><a href="{{ url }}">View and pay the invoice</a></p>{% endif %}
</body></html>
"""
)


def html(row: MirrorObject) -> str:
    """The mail; what outsiders wrote is text in it, never markup."""
    return _HTML.render(**_told(row))


def text(row: MirrorObject) -> str:
    """The same without markup."""
    told = _told(row)
    lines = [f"{line['description']}: {line['amount']}" for line in told["lines"]]
    due = f"Due {told['due']}" if told["due"] else "Due"
    last = [told["memo"], f"View and pay the invoice: {told['url']}" if told["url"] else None]
    parts = [f"Invoice {told['number']}", told["name"], *lines, f"{due}: {told['total']}", *last]
    return "\n\n".join(part for part in parts if part) + "\n"


def subject(row: MirrorObject) -> str:
    """One line, without line breaks."""
    told = _told(row)
    return " ".join(f"Invoice {told['number']}: {told['total']}".split())


def _told(row: MirrorObject) -> dict[str, Any]:
    body = row.body
    held: dict[str, Any] = body.get("lines") or {}
    lines: list[dict[str, Any]] = held.get("data") or []
    currency = str(body.get("currency") or "usd")
    seconds = body.get("due_date")
    due = from_unix(seconds) if isinstance(seconds, int) else None
    url = body.get("hosted_invoice_url")
    return {
        "number": body.get("number") or row.id,
        "name": body.get("customer_name") or body.get("customer_email") or text_of(body, "customer"),
        "lines": [
            {"description": line.get("description") or "", "amount": money.show(int(line["amount"]), currency)}
            for line in lines
        ],
        "due": due.date().isoformat() if due else "",
        "total": money.show(int(body.get("amount_due") or 0), currency),
        "memo": body.get("description"),
        "url": url if str(url or "").startswith("https://") else None,
    }
