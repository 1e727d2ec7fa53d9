"""Recipients: what is an address, what is a contact, and what is refused."""

from __future__ import annotations

import pytest

from tillwright.domains.notifications.configuration.model import ScopeSettings
from tillwright.domains.notifications.notices.routing import route
from tillwright.domains.notifications.recipients import MOST, address_problem, resolve
from tillwright.domains.notifications.refusals import what_to_do


@pytest.mark.parametrize(
    "text",
    ["a@b.example", "ada.lovelace+x@sub.example.com", "o'neil@example.com", "grüße@bücher.example", "a@localhost"],
)
def test_what_is_an_address(text: str) -> None:
    assert address_problem(text, "to") is None


@pytest.mark.parametrize(
    "text",
    [
        "", "ada", "@example.com", "ada@", "a@b@c.example", "a b@example.com", "a@b,c@d.example",
        "a@b.example;c@d.example", "a@b.example\r\nBcc: x@y.example", "a@b.example\nX: y",
        "Ada <a@b.example>", '"a b"@example.com', "a@-b.example",
        "a@b..example", ".a@example.com", "a..b@example.com", "a@exa mple.com", "a\x00@example.com", "a@[127.0.0.1]",
        "x" * 65 + "@example.com", "a@" + "b" * 64 + ".example", "a@" + "b." * 130 + "example", "a@b.example\t",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    problem = address_problem(text, "to")
    assert problem is not None
    assert problem.field == "to"


def test_contacts_go_by_name_where_only_one_is_called_so() -> None:
    by_id = {"con_1": "Ada", "con_2": "Bob", "con_3": "bob"}
    by_name = {"ada": ["con_1"], "bob": ["con_2", "con_3"]}
    kept, wrong = resolve(["ADA", "con_2", "x@EXAMPLE.com", "x@example.com", " ", "con_1"], by_id, by_name, "to")
    assert (kept, wrong) == (["con_1", "con_2", "x@example.com"], [])
    _, wrong = resolve(["Bob", "Eve", "a@b,c@d"], by_id, by_name, "to")
    assert [one.code for one in wrong] == ["contact_ambiguous", "contact_absent", "address_several"]
    _, wrong = resolve([f"a{n}@example.com" for n in range(MOST + 1)], {}, {}, "to")
    assert [one.code for one in wrong] == ["recipients_many"]


def test_everybody_gets_one_copy_and_who_left_gets_none() -> None:
    settings = ScopeSettings(
        "S",
        True,
        to=["a@x.example", "con_1", "con_gone"],
        cc=["A@x.example", "b@x.example"],
        bcc=["c@x.example", "ada@x.example"],
    )
    way = route(settings, {"con_1": "ada@x.example"}, ["b@x.example"])
    assert (way.to, way.cc, way.bcc) == (["a@x.example", "ada@x.example"], [], ["c@x.example"])


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("550 5.1.1 No such mailbox", "correct the address"),
        ("552 5.2.2 Mailbox full", "make room"),
        ("550 5.7.26 unauthenticated", "SPF"),
        ("550 go away", "unknown or closed"),
        ("421 too many", "tried again"),
        ("nothing with a number", ""),
        (None, ""),
    ],
)
def test_a_refusal_says_what_to_do(said: str | None, advice: str) -> None:
    assert advice in what_to_do(said)
