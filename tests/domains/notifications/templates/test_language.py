"""The template language: what it says no to, where it says so, and that nothing gets out of it."""

from __future__ import annotations

import random
import re
import string

import pytest

from tillwright.domains.notifications.catalogue import catalogue
from tillwright.domains.notifications.templates import Frame, check, language, render
from tillwright.kit.errors import Invalid

FRAME = Frame("Northwind", "You get this because you are on the list.")
TAGS = ("name", "amount", "currency", "endTime", "items", "timeZone")


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ("one\n{{ nmae }}", "body:2", "no merge tag 'nmae'"),
        ("{{ name }}\n\n{{ name | loud }}", "body:3", "no filter 'loud'"),
        ("a\nb\n{{ name", "body:3", "expected '}}'"),
        ("a\n{% if name %}\nb", "body:3", "endif"),
        ("a\n{% endif %}", "body:2", "unexpected tag"),
        ("a\n{% assign x = 1 %}", "body:2", "unexpected tag"),
        ("{% include 'x' %}", "body:1", "unexpected tag"),
        ("{% render 'x' %}", "body:1", "unexpected tag"),
        ("{% capture x %}{% endcapture %}", "body:1", "unexpected tag"),
        ("{% for x in items %}{{ y }}{% endfor %}", "body:1", "no merge tag 'y'"),
        ("", "body", "needs a text"),
        ("x" * 20_001, "body", "at most"),
    ],
)
def test_a_template_that_cannot_work_is_refused_with_its_line(body: str, field: str, said: str) -> None:
    problems = check("A subject", body, TAGS)
    assert (problems[0].field, said in problems[0].sentence) == (field, True), problems


def test_every_complaint_is_told_at_once() -> None:
    found = check("{{ a }}", "{{ b }}\n{{ c }}", TAGS)
    assert [problem.field for problem in found] == ["subject:1", "body:1", "body:2"]


def test_a_subject_is_one_line_whatever_the_data_say() -> None:
    made = render("For {{ name }}", "x", {"name": "Eve\r\nBcc: all@example.com"}, FRAME)
    assert made.subject == "For Eve Bcc: all@example.com"


EVIL = (
    '<script>alert(1)</script> <img src=x onerror=alert(1)> "quoted" [click](https://evil.example) **loud**',
    "# heading\n- item | cell | {{ name }} {% if %} javascript:alert(1)",
    "</mj-text></mj-column><mj-include path='/etc/passwd'/>",
    "\ue000\ue001 ]]> <!-- \u2028 \x00 \ufeff &lt;b&gt; {{ 7 | times: 7 }}",
)


@pytest.mark.parametrize("evil", EVIL)
def test_what_data_say_stays_words(evil: str) -> None:
    body = "# {{ name }}\n\nHello {{ name }}\n\n- {{ name }}\n| Name | {{ name }} |\n[{{ name }}](https://a.example)\n"
    made = render("{{ name }}", body, {"name": evil}, FRAME)
    plain = render("{{ name }}", body, {"name": "Ada"}, FRAME)
    assert re.findall(r"<(\w+)", made.html) == re.findall(r"<(\w+)", plain.html), "the same elements, and no more"
    assert re.findall(r'(?:href|src)="([^"]*)"', made.html) == re.findall(r'(?:href|src)="([^"]*)"', plain.html)
    shown = " ".join(evil.translate({0: None, 0xE000: None, 0xE001: None, 0x2028: None, 0xFEFF: None}).split())
    assert shown in " ".join(made.text.split())


def test_a_link_goes_only_where_links_go() -> None:
    values = {"name": "javascript:alert(1)"}
    for body in ("[x]({{ name }})", "go [x]({{ name }}) now", "[x](javascript:alert)", '[x](https://a"onclick=b)'):
        assert "href=" not in render("s", body, values, Frame("N", "r", unsubscribe=False)).html


def test_names_are_keys_and_never_attributes() -> None:
    for path in (
        "name.__class__",
        "name.__init__.__globals__",
        "items.__len__",
        "items[0].__class__.__mro__",
        "name.upper",
    ):
        made = language.fill("<{{ " + path + " }}>", {"name": "Ada", "items": ["a"]})
        assert made == "<>", path


def test_loops_and_output_are_counted() -> None:
    many = list(range(1500))
    nested = "{% for a in items %}{% for b in items %}{{ b }}{% endfor %}{% endfor %}"
    for source in (nested, "{% for a in (1..100000000) %}x{% endfor %}", "{{ name }}" * 1500):
        with pytest.raises(Invalid):
            language.fill(source, {"items": many, "name": "x" * 200})


def test_dates_are_told_in_the_organisations_zone_and_money_by_its_currency() -> None:
    values = {"endTime": "2027-07-01T22:30:00Z", "timeZone": "Europe/Berlin", "amount": 1999, "currency": "JPY"}
    source = "{{ endTime | date }}/{{ endTime | time }}/{{ amount | money: currency }}/{{ amount | money: 'eur' }}"
    assert language.fill(source, values) == "2 July 2027/2 July 2027, 00:30 CEST/1,999 JPY/19.99 EUR"
    odd = {"endTime": "soon", "timeZone": "No/Where", "amount": "x", "currency": None}
    assert language.fill(source, odd) == "soon/soon/x/x"


def test_no_program_breaks_it() -> None:
    """Fuzzed templates: each is refused or filled, soon, and never raises anything else."""
    seed = 20270115
    print("seed", seed)
    dice = random.Random(seed)
    pieces = [
        "{{", "}}", "{%", "%}", "{{ name }}", "{% if name %}", "{% endif %}", "{% for x in items %}", "{% endfor %}",
        "{% case name %}", "{% when 'a' %}", "{% else %}", "{% endcase %}", "{% unless a %}", "{% endunless %}", "|",
        ":", " name ", " amount ", " money ", " date ", " default ", "'", '"', "[", "](https://a.example)", "**", "\n",
        "# ", "- ", "| a | b |", "(1..9)", " contains ", "==", ".", "..", "[0]", "{%-", "-%}",
        "{% comment %}", "{% raw %}",
        "{% endcomment %}", "{{ items | join: name }}", "{{ name | truncate: -1 }}", "\ue000",
        "{{ items | first | size }}", "{{ amount | size }}", "{{ 1 | join }}", "{{ name | default }}", "{% liquid", "#",
    ]  # fmt: skip
    values = {"name": "Ada", "items": [1, {"a": [None]}], "amount": 5, "currency": "EUR", "endTime": None}
    refused = filled = 0
    for _ in range(1500):
        size = dice.randint(1, 12)
        noise = "".join(dice.choices(string.printable, k=dice.randint(0, 5)))
        source = "".join(dice.choice(pieces) for _ in range(size)) + noise
        problems = check("s", source, TAGS)
        try:
            render("s", source, values, FRAME)
            filled += 1
        except Invalid:
            refused += 1
            continue
        assert problems == [] or all(problem.code != "template_invalid" for problem in problems), source
    assert min(refused, filled) > 100


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_each_scopes_own_words_hold(name: str) -> None:
    scope = catalogue()[name]
    assert check(scope.subject, scope.body, scope.tags) == []
    made = render(scope.subject, scope.body, scope.sample, FRAME)
    empty = render(scope.subject, scope.body, dict.fromkeys(scope.tags), FRAME)
    for one in (made, empty):
        assert one.subject
        assert "None" not in one.text + one.subject
        assert "{{" not in one.text + one.html
        assert "http" not in re.sub(r'href="[^"]*"|xmlns(:\w)?="[^"]*"', "", one.html).replace("http-equiv", ""), (
            "nothing is fetched when it is opened"
        )
        assert max(map(len, one.text.splitlines())) <= 100
    assert scope.events
    assert scope.about.id in scope.tags
    assert {scope.about.name, scope.about.status or scope.about.id} <= set(scope.tags)
