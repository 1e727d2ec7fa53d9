"""Objects made from the tables alone are valid, whatever the kind; given values are bent into shape or left out."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from tillwright_sandbox import generic, pipeline, tables
from tillwright_sandbox.shape import MISFIT, fit, merge_metadata
from tillwright_sandbox.tables.validate import complaints
from tillwright_sandbox.world import NORTHWIND, make_world

RESOURCES = sorted(
    name
    for name, one in tables.schemas().items()
    if "resource" in one and "anyOf" not in one and not name.startswith("deleted_")
)
# Resources that hold another whole: an id given for it is answered as the whole, but none is given here.
NEED = {
    "discount": {"source": {"type": "coupon"}},
}


@pytest.mark.parametrize("name", RESOURCES)
def test_every_resource_can_be_built(name: str) -> None:
    world = make_world()
    with pipeline.act(world, world.accounts[NORTHWIND], False) as call:
        assert complaints(generic.build(call, name, **NEED.get(name, {})), name) == []


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, "12", 12),
        ({"type": "integer"}, True, MISFIT),
        ({"type": "integer"}, "x", MISFIT),
        ({"type": "string"}, 5, "5"),
        ({"type": "string", "enum": ["a"]}, "b", MISFIT),
        ({"type": "string", "nullable": True}, "", None),
        ({"type": "array", "items": {"type": "string"}}, ["a"], ["a"]),
        ({"type": "array", "items": {"type": "integer"}}, ["a"], MISFIT),
        ({"type": "object", "values": {"type": "string"}}, {"a": "b", "c": ""}, {"a": "b"}),
        ({"expands": ["customer"], "anyOf": []}, "cus_1", "cus_1"),
        ({"expands": ["customer"], "anyOf": []}, {"id": "cus_1", "object": "customer"}, "cus_1"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "x", "x"),
    ],
)
def test_fit(schema: dict[str, Any], value: Any, expected: Any) -> None:
    assert fit(schema, value, 0) == expected


def test_metadata_merges_key_by_key() -> None:
    assert merge_metadata({"a": "1", "b": "2"}, {"b": "", "c": "3"}) == {"a": "1", "c": "3"}
    assert merge_metadata({"a": "1"}, "") == {}


def test_the_generator_keeps_facts_only_and_gives_the_same_bytes(repository: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("stripe_tables", repository / "scripts" / "stripe_tables.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    schema = {
        "type": "object",
        "description": "prose",
        "properties": {"pal": {"description": "prose", "$ref": "#/components/schemas/pal"}},
        "x-resourceId": "thing",
    }
    assert script.compact(schema) == {"type": "object", "properties": {"pal": {"ref": "pal"}}, "resource": "thing"}
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        script.write(tmp_path / folder / "t.json.gz", {"b": 1, "a": [2]})
    one, two = ((tmp_path / folder / "t.json.gz").read_bytes() for folder in ("one", "two"))
    assert one == two
    assert json.loads(gzip.decompress(one)) == {"a": [2], "b": 1}


def test_the_tables_hold_no_prose_and_carry_the_notice() -> None:
    assert "description" not in json.dumps(tables.operations()[0])
    assert tables.facts()["version"] == "2026-08-26.dahlia"
    notice = (Path(tables.__file__).parent / "NOTICE").read_text()
    assert "MIT License" in notice
    assert "Stripe" in notice
