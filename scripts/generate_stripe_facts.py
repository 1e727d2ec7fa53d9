"""Writes gateways/stripe/facts.json from Stripe's OpenAPI page: the few facts on paths that the gateway needs.

Usage: python scripts/generate_stripe_facts.py path/to/openapi.json
Facts, a row a path template: which POST takes metadata ("m"), which GET is a list ("l") and filters by created ("c").
Source: Stripe's OpenAPI description, MIT, © Stripe; see facts.NOTICE beside the written file.
"""

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src/tillwright/gateways/stripe/facts.json"


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


def main(source: str) -> None:
    page = json.loads(Path(source).read_text())
    rows: dict[str, str] = {}
    for path, operations in sorted(page["paths"].items()):
        plain = "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
        rows[plain] = rows.get(plain, "") or marks(operations)
    lines = ",\n".join(f"  {json.dumps(path)}: {json.dumps(letters)}" for path, letters in rows.items())
    TARGET.write_text(f'{{"version": {json.dumps(page["info"]["version"])}, "paths": {{\n{lines}\n}}}}\n')
    print(f"{len(rows)} paths of {page['info']['version']} -> {TARGET}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
