"""Writes gateways/stripe/facts.json and objects.json from Stripe's OpenAPI page: the few facts the product needs.

Usage: python scripts/generate_stripe_facts.py path/to/openapi.json
facts.json, a row a path template: which POST takes metadata ("m"), which GET is a list ("l") and filters by created
("c"). objects.json: which lists there are, of what, and what they need, those with an id in their path and searches
too; the fields of each listed object, by type.
Source: Stripe's OpenAPI description, MIT, © Stripe; see facts.NOTICE beside the written files.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "src/tillwright/gateways/stripe"
REF = "#/components/schemas/"


def marks(operations: dict[str, Any]) -> str:
    """The letters of one path."""
    found = ""
    content = operations.get("post", {}).get("requestBody", {}).get("content", {})
    for media in content.values():
        if "metadata" in media.get("schema", {}).get("properties", {}):
            found += "m"
            break
    names = {parameter["name"] for parameter in operations.get("get", {}).get("parameters", [])}
    if "starting_after" in names:
        found += "l"
    if {"starting_after", "created"} <= names:
        found += "c"
    return found


def write_paths(page: dict[str, Any]) -> None:
    rows: dict[str, str] = {}
    for path, operations in sorted(page["paths"].items()):
        plain = "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
        rows[plain] = rows.get(plain, "") or marks(operations)
    lines = ",\n".join(f"  {json.dumps(path)}: {json.dumps(letters)}" for path, letters in rows.items())
    version = json.dumps(page["info"]["version"])
    (FOLDER / "facts.json").write_text(f'{{"version": {version}, "paths": {{\n{lines}\n}}}}\n')
    print(f"{len(rows)} paths of {version} -> facts.json")


def resolved(page: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return page["components"]["schemas"][schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema


def answer_of(operation: dict[str, Any]) -> dict[str, Any]:
    return operation["responses"]["200"]["content"].get("application/json", {}).get("schema", {})


def listed(page: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    """The object types a list operation answers with; none for what is no list."""
    rows = resolved(page, answer_of(operation)).get("properties", {}).get("data", {})
    if rows.get("type") != "array":
        return []
    inner = [each for each in [rows["items"], *rows["items"].get("anyOf", [])] if "$ref" in each]
    return [resolved(page, each)["properties"]["object"]["enum"][0] for each in inner]


def kind_of_field(schema: dict[str, Any]) -> str:
    """id (an expandable reference), time, integer, number, boolean, text, or json."""
    parts = schema.get("anyOf", [])
    if "x-expansionResources" in schema and any(part.get("type") == "string" for part in parts):
        return "id"
    if schema.get("format") == "unix-time":
        return "time"
    if schema.get("format") == "decimal":
        return "number"
    return {"integer": "integer", "number": "number", "boolean": "boolean", "string": "text"}.get(
        schema.get("type", ""), "json"
    )


def lists_of(page: dict[str, Any]) -> dict[str, Any]:
    """Each collection that a GET answers with, by its template: `{}` stands for an id."""
    lists: dict[str, Any] = {}
    for path, operations in sorted(page["paths"].items()):
        get = operations.get("get")
        if not get or not (names := listed(page, get)):
            continue
        parameters = {each["name"]: each for each in get.get("parameters", []) if each["in"] == "query"}
        needs = sorted(name for name, each in parameters.items() if each.get("required"))
        created = {"created", "starting_after"} <= parameters.keys()
        lists[re.sub(r"{\w+}", "{}", path)] = {"object": "|".join(names), "created": created, "needs": needs}
    return lists


def objects_of(page: dict[str, Any], names: set[str]) -> dict[str, Any]:
    schemas = {
        each["properties"]["object"]["enum"][0]: each
        for name, each in sorted(page["components"]["schemas"].items())
        if not name.startswith("deleted_") and len(each.get("properties", {}).get("object", {}).get("enum", [])) == 1
    }
    events = {
        each
        for each in page["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]["content"][
            "application/x-www-form-urlencoded"
        ]["schema"]["properties"]["enabled_events"]["items"]["enum"]
    }
    objects: dict[str, Any] = {}
    for name in sorted(names):
        fields = {field: kind_of_field(schema) for field, schema in sorted(schemas[name]["properties"].items())}
        fields.pop("object")
        deletes = f"deleted_{name}" in page["components"]["schemas"] or f"{name}.deleted" in events
        objects[name] = {"deletes": deletes, "fields": fields}
    return objects


def write_objects(page: dict[str, Any]) -> None:
    lists = lists_of(page)
    # Lists of several types are set aside, all of them.
    objects = objects_of(page, {row["object"] for row in lists.values() if "|" not in row["object"]} | {"balance"})
    text = ",\n".join(f"  {json.dumps(path)}: {json.dumps(row)}" for path, row in lists.items())
    more = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in objects.items())
    version = json.dumps(page["info"]["version"])
    (FOLDER / "objects.json").write_text(
        f'{{"version": {version}, "lists": {{\n{text}\n}}, "objects": {{\n{more}\n}}}}\n'
    )
    print(f"{len(lists)} lists of {len(objects)} objects of {version} -> objects.json")


def main(source: str) -> None:
    page = json.loads(Path(source).read_text())
    write_paths(page)
    write_objects(page)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
