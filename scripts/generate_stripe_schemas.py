"""Writes gateways/stripe/schemas.json.gz from Stripe's OpenAPI page: the fields of each object an event can carry.

Usage: python scripts/generate_stripe_objects.py path/to/openapi.json
A field's shape: "s" text, "i" whole number, "n" number, "b" true or false, "a" anything, "@x|y" an object of that
shape or shapes, and "[" before any of them for a list of it. Source: Stripe's OpenAPI description, MIT, © Stripe.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src/tillwright/gateways/stripe/schemas.json.gz"
SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
# Events whose name does not say their object's.
NAMED_OTHERWISE = {
    "account.application": None,
    "application_fee.refund": "fee_refund",
    "entitlements.active_entitlement_summary": "entitlements.active_entitlement_summary",
    "customer.source": "payment_source",
    "reserve.plan": None,
    "source.transaction": "source_transaction",
}


def shape(schema: dict[str, Any]) -> str:
    """One field's."""
    if "$ref" in schema:
        return "@" + schema["$ref"].rsplit("/", 1)[1]
    if "anyOf" in schema:
        if "x-expansionResources" in schema:
            return "s"  # an id, unless asked otherwise: rules read objects as Stripe sends them unasked
        shapes = [shape(one) for one in schema["anyOf"]]
        objects = [one[1:] for one in shapes if one.startswith("@")]
        if len(objects) == len(shapes):
            return "@" + "|".join(objects)
        return shapes[0] if len(set(shapes)) == 1 else "a"
    if schema.get("type") == "array":
        return "[" + shape(schema.get("items", {}))
    if schema.get("type") == "object":
        return "{" + json.dumps(fields(schema)) if schema.get("properties") else "a"
    return SCALARS.get(schema.get("type", ""), "a")


def fields(schema: dict[str, Any]) -> dict[str, str]:
    return {name: shape(inner) for name, inner in schema.get("properties", {}).items()}


class Tables:
    """Every shape by its name; those without a name get one."""

    def __init__(self, page: dict[str, Any]) -> None:
        self.schemas = page["components"]["schemas"]
        self.shapes: dict[str, dict[str, str]] = {}

    def add(self, name: str) -> None:
        if name in self.shapes:
            return
        schema = self.schemas[name]
        if "anyOf" in schema and "properties" not in schema:
            merged: dict[str, str] = {}
            for one in schema["anyOf"]:
                merged |= fields(self.schemas[one["$ref"].rsplit("/", 1)[1]])
            self.keep(name, merged)
        else:
            self.keep(name, fields(schema))

    def keep(self, name: str, found: dict[str, str]) -> None:
        self.shapes[name] = {}
        for field, given in found.items():
            self.shapes[name][field] = self.named(f"{name}.{field}", given)

    def named(self, place: str, given: str) -> str:
        lists = len(given) - len(given.lstrip("["))
        inner = given[lists:]
        if inner.startswith("{"):
            self.keep(place, json.loads(inner[1:]))
            inner = "@" + place
        elif inner.startswith("@"):
            for name in inner[1:].split("|"):
                self.add(name)
        return "[" * lists + inner


def object_of(event_type: str, resources: dict[str, str]) -> str | None:
    """The name of the object an event of this type is about; None where the page does not tell."""
    before = event_type.rsplit(".", 1)[0]
    if before in NAMED_OTHERWISE:
        return NAMED_OTHERWISE[before]
    for candidate in (before, before.rsplit(".", 1)[-1], before.replace("issuing_", "issuing.")):
        if candidate in resources:
            return candidate
    return None


def main(source: str) -> None:
    page = json.loads(Path(source).read_text())
    schemas = page["components"]["schemas"]
    resources = {one["x-resourceId"]: name for name, one in schemas.items() if "x-resourceId" in one}
    endpoint = page["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]["content"]
    types = endpoint["application/x-www-form-urlencoded"]["schema"]["properties"]["enabled_events"]["items"]["enum"]
    tables, events = Tables(page), {}
    for kind in sorted(set(types) - {"*"}):
        found = object_of(kind, resources)
        events[kind] = found
    for name in sorted(resources.values()):
        tables.add(name)
    value = {
        "version": page["info"]["version"],
        "events": events,
        "objects": {resource: name for resource, name in sorted(resources.items())},
        "shapes": dict(sorted(tables.shapes.items())),
    }
    text = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    TARGET.write_bytes(gzip.compress(text, compresslevel=9, mtime=0))
    untold = [kind for kind, name in events.items() if name is None]
    print(f"{len(tables.shapes)} shapes, {len(events)} events ({len(untold)} untold) -> {TARGET.stat().st_size} bytes")
    print(untold)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
