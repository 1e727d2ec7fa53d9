"""What purchases grant, in the console: the table, the form with its complaints, taking away."""

from __future__ import annotations

from typing import Any

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox

PATH = "/entitlements/purchases"


async def test_without_stripe_it_says_what_to_do(ada: Person) -> None:
    assert "Connect Stripe" in text_of((await ada.see(PATH)).text)


async def test_set_seen_refused_and_taken_away(ada: Person, stripe_sandbox: Sandbox) -> None:
    products = stripe_sandbox.client.v1.products
    product = products.create({"name": "Audit"})
    products.create({"name": "Support", "metadata": {"entitlement_term": "P90D"}})
    await ada.connect(stripe_sandbox, verify=False)
    await ada.fill()
    page = text_of((await ada.see(PATH)).text)
    for words in ("Support", "90 days", "Metadata at Stripe"):
        assert words in page

    form: dict[str, Any] = {
        "objectId": product.id,
        "amount": "18",
        "unit": "M",
        "grants": "term",
        "applies": "all",
        "date": "",
    }
    assert (await ada.send(PATH, seen=PATH, **form)).status_code == 303
    page = text_of((await ada.see(PATH)).text)
    for words in ("Audit", "18 months", "at any time", "Ada", "An edit is going back over"):
        assert words in page
    assert (
        await ada.send(PATH, seen=PATH, **form | dict[str, Any](grants="nothing", applies="now"))
    ).status_code == 303
    other: dict[str, Any] = {"other": "1", "objectId": "", "applies": "date", "date": "2027-02-01"}
    assert (await ada.send(PATH, seen=PATH, **form | other)).status_code == 303
    page = text_of((await ada.see(PATH)).text)
    for words in ("nothing", "from 15 Jan 2027 on", "Every other product", "from 1 Feb 2027 on"):
        assert words in page

    refusals: list[tuple[dict[str, Any], str]] = [
        ({"amount": "x"}, "as a whole number"),
        ({"objectId": ""}, "Say which product"),
        ({"objectId": "prod_none"}, "There is no product or price"),
        ({"applies": "date"}, "Say from which date"),
    ]
    for wrong, words in refusals:
        refused = await ada.send(PATH, seen=PATH, **form | wrong)
        assert (refused.status_code, words in text_of(refused.text)) == (422, True), words

    for term in await ada.house.entitlements.purchase_terms.list(ada.principal):
        assert (await ada.send(f"{PATH}/{term.id}/remove", seen=PATH)).status_code == 303
    assert "Every other product" not in text_of((await ada.see(PATH)).text).split("Set a term")[0]
