"""A definition's graph: from the same parse as its complaints, and drawn however broken the text is."""

from __future__ import annotations

import random

import pytest

from tillwright.domains.automation import definition, examples
from tillwright.domains.automation.drawing import Node, draw


def every(nodes: list[Node] | tuple[Node, ...]) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        found.append(node)
        for _, inner in node.branches:
            found += every(list(inner))
    return found


@pytest.mark.parametrize("name", examples.names())
def test_every_step_of_a_template_is_drawn_at_its_line(name: str) -> None:
    text = examples.text_of(name)
    drawing = draw(text)
    assert drawing.problems == ()
    nodes = every(list(drawing.nodes))
    assert [node.id for node in nodes] == [step.id for step in definition.parse(text).every_step()]
    lines = text.splitlines()
    for node in nodes:
        assert node.id in lines[node.line - 1], node
        assert node.wrong == 0


def test_complaints_stand_at_their_boxes_and_not_at_those_around_them() -> None:
    drawing = draw(
        "name: x\ntrigger: {stripe_event: invoice.paid}\nsteps:\n"
        "  - id: check\n    if: object.amount_due > 5\n    then:\n"
        "      - id: a\n        action: create_cupon\n"
        "  - id: b\n    action: send_mail\n    with: {to: nobody, subject: x}\n"
    )
    assert [(node.id, node.wrong) for node in every(list(drawing.nodes))] == [("check", 0), ("a", 1), ("b", 2)]
    assert len(drawing.problems) == 3


def test_any_text_is_drawn_or_complained_about() -> None:
    seed = 20270115
    print(f"seed {seed}")
    dice = random.Random(seed)
    text = examples.text_of("unpaid_invoice") + examples.text_of("expiring_card")
    for _ in range(150):
        start = dice.randrange(len(text))
        piece = text[:start] + text[start + dice.randrange(40) :]
        drawing = draw(piece[: dice.randrange(1, len(piece))])
        assert drawing.problems or drawing.nodes
    for odd in ("", "[]", "a", "steps: 1", "steps: [1, {}]", "steps: [{if: 1, then: 2}]", "steps: [{switch: a}]", "\0"):
        assert draw(odd).problems
