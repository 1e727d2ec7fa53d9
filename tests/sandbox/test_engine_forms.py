"""Forms and parameters: nesting, arrays, and each of Stripe's refusals."""

from __future__ import annotations

import pytest

from tillwright_sandbox import form
from tillwright_sandbox.errors import StripeError
from tillwright_sandbox.operations import operations
from tillwright_sandbox.params import check


def tree(text: str) -> dict:
    return form.tree(form.pairs(text.encode()))


def typed(operation: str, text: str) -> dict:
    return check(operations()[operation].params, tree(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", {"a": "1"}),
        ("a[b]=1&a[c][d]=2", {"a": {"b": "1", "c": {"d": "2"}}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=x&a[1]=y", {"a": {"0": "x", "1": "y"}}),
        ("a[][b]=1&a[][c]=2&a[][b]=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ("a%5Bb%5D=%C3%A4+b", {"a": {"b": "ä b"}}),
        ("a=", {"a": ""}),
        ("", {}),
    ],
)
def test_nesting(text: str, expected: dict) -> None:
    assert tree(text) == expected


@pytest.mark.parametrize(
    "text", ["a=1&a[b]=2", "a[b]=1&a=2", "a[]=1&a[b]=2", "[a]=1", "a[b=1", "a" + "[b]" * 20 + "=1"]
)
def test_what_is_no_tree_is_refused(text: str) -> None:
    with pytest.raises(StripeError) as refusal:
        tree(text)
    assert refusal.value.status == 400


def test_what_is_not_utf8_and_what_is_too_much_is_refused() -> None:
    for body in (b"a=%FF%FE", b"a=\xff", b"&".join(b"a%d=1" % n for n in range(form.MOST_FIELDS + 1))):
        with pytest.raises(StripeError) as refusal:
            form.pairs(body)
        assert refusal.value.status == 400


def test_types() -> None:
    params = typed(
        "PostCustomers",
        "balance=-5&metadata[a]=1&preferred_locales[0]=de&preferred_locales[1]=en&address[city]=Berlin&shipping=",
    )
    assert params == {
        "balance": -5,
        "metadata": {"a": "1"},
        "preferred_locales": ["de", "en"],
        "address": {"city": "Berlin"},
        "shipping": "",
    }
    assert typed("GetCustomers", "created[gte]=5&limit=3") == {"created": {"gte": 5}, "limit": 3}
    assert typed("GetCustomers", "created=5") == {"created": 5}
    assert typed("PostCoupons", "percent_off=12.5&duration=once")["percent_off"] == 12.5
    assert typed("PostProducts", "name=x&active=false")["active"] is False


def test_an_array_keeps_the_order_of_its_indices() -> None:
    rows = "".join(f"&preferred_locales[{n}]=l{n}" for n in (10, 2, 0))
    assert typed("PostCustomers", rows[1:])["preferred_locales"] == ["l0", "l2", "l10"]


@pytest.mark.parametrize(
    ("operation", "text", "code", "param", "message"),
    [
        ("PostCustomers", "nope=1", "parameter_unknown", "nope", "Received unknown parameter: nope"),
        (
            "PostCustomers",
            "invoice_settings[nope]=1",
            "parameter_unknown",
            "invoice_settings[nope]",
            "Received unknown parameter: invoice_settings[nope]",
        ),
        ("PostCustomers", "a=1&b=2", "parameter_unknown", "a", "Received unknown parameters: a, b"),
        ("PostPaymentIntents", "currency=usd", "parameter_missing", "amount", "Missing required param: amount."),
        (
            "PostSubscriptions",
            "customer=cus_1&add_invoice_items[0][price_data][currency]=usd",
            "parameter_missing",
            "add_invoice_items[0][price_data][product]",
            "Missing required param: add_invoice_items[0][price_data][product].",
        ),
        ("GetCustomers", "limit=abc", "parameter_invalid_integer", "limit", "Invalid integer: abc"),
        ("GetCustomers", "limit=1.5", "parameter_invalid_integer", "limit", "Invalid integer: 1.5"),
        ("GetCustomers", "created[gte]=x", "parameter_invalid_integer", "created[gte]", "Invalid integer: x"),
        ("PostPaymentIntents", "amount=&currency=usd", "parameter_invalid_empty", "amount", None),
        (
            "PostCustomers",
            "tax_exempt=maybe",
            None,
            "tax_exempt",
            "Invalid tax_exempt: must be one of exempt, none, or reverse",
        ),
        ("PostProducts", "name=x&active=yes", None, "active", "Invalid boolean: yes"),
        ("PostCustomers", "invoice_settings=x", None, "invoice_settings", "Invalid object"),
        ("PostCustomers", "preferred_locales=de", None, "preferred_locales", "Invalid array"),
        ("PostCustomers", "expand=sources", None, "expand", "Invalid array"),
        ("PostCustomers", "email[a]=1", None, "email", None),
    ],
)
def test_refusals(operation: str, text: str, code: str | None, param: str, message: str | None) -> None:
    with pytest.raises(StripeError) as refusal:
        typed(operation, text)
    error = refusal.value
    assert (error.status, error.type, error.code, error.param) == (400, "invalid_request_error", code, param)
    assert message is None or error.message == message


@pytest.mark.parametrize(
    ("metadata", "good"),
    [
        ({f"k{n}": "v" for n in range(50)}, True),
        ({f"k{n}": "v" for n in range(51)}, False),
        ({"k" * 40: "v"}, True),
        ({"k" * 41: "v"}, False),
        ({"k": "v" * 500}, True),
        ({"k": "v" * 501}, False),
    ],
)
def test_metadata_has_limits(metadata: dict[str, str], good: bool) -> None:
    text = "&".join(f"metadata[{key}]={value}" for key, value in metadata.items())
    if good:
        assert typed("PostCustomers", text)["metadata"] == metadata
        return
    with pytest.raises(StripeError) as refusal:
        typed("PostCustomers", text)
    assert refusal.value.status == 400
    assert refusal.value.message.startswith("Metadata")
