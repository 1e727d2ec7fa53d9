"""Writes gateways/stripe/operations.json.gz from Stripe's OpenAPI page: every operation, typed, a row each.

Usage: python scripts/generate_stripe_operations.py path/to/openapi.json
A row: our name for it, method, path template, Stripe's own title, what it answers, and its parameters' shapes.
Left out: what takes a file or answers one. The same page always gives the same bytes.
Source: Stripe's OpenAPI description, MIT, © Stripe; see facts.NOTICE beside the written file.
"""

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

from stripe_tables import REF, operations

TARGET = Path(__file__).parent.parent / "src/tillwright/gateways/stripe/operations.json.gz"
LOOKS = {"search", "find", "preview"}
"""Last words of a path that are asked for with GET and are no thing of their own."""


def name_of(method: str, path: str, row: dict[str, Any], paths: dict[str, Any]) -> str:
    """`stripe.customers.update`: the things of the path, then a verb."""
    parts = path.strip("/").split("/")[1:]
    things = [part for part in parts if not part.startswith("{")]
    one = {"GET": "get", "POST": "update", "DELETE": "delete"}
    if parts[-1].startswith("{"):
        verb = one[method]
    elif method == "GET" and parts[-1] in LOOKS:
        verb = things.pop()
    elif method == "GET" and answer_of(row["answer"]).endswith("[]"):
        verb = "list"
    elif method != "POST":
        verb = one[method]
    elif "get" in paths[path] and not is_listed(paths[path]["get"]):
        verb = "update"
    elif is_thing(path, paths):
        verb = "create"
    else:
        verb = things.pop()
    return ".".join(["stripe", *things, verb])


def is_listed(spec: dict[str, Any]) -> bool:
    schema = spec["responses"]["200"]["content"]["application/json"]["schema"]
    return "data" in schema.get("properties", {})


def is_thing(path: str, paths: dict[str, Any]) -> bool:
    """Whether the path's last word is a thing that is made there, and not a verb."""
    parent = path.rsplit("/", 1)[0]
    has_one = any(re.fullmatch(re.escape(path) + r"/\{\w+\}", other) for other in paths)
    known = parent in paths or parent.replace("/test_helpers", "") in paths
    return "get" in paths[path] or has_one or not (known or "{" in parent)


def answer_of(schema: dict[str, Any]) -> str:
    """The name of what is answered; `[]` behind it for a list."""
    inner = schema.get("properties", {}).get("data", {}).get("items")
    named = schema if inner is None else inner
    choices = [named, *named.get("anyOf", [])]
    ref = next((one["ref"] for one in choices if "ref" in one), "")
    return ref.removeprefix(REF) + ("" if inner is None else "[]")


def main(source: str) -> None:
    page = json.loads(Path(source).read_text())
    rows: dict[str, dict[str, Any]] = {}
    for row in operations(page):
        if row["upload"] or row["media"] != "application/json":
            continue
        method, path = row["method"], row["path"]
        name = name_of(method, path, row, page["paths"])
        if name in rows:
            sys.exit(f"{name} is the name of {rows[name]['path']} and of {path}")
        title = page["paths"][path][method.lower()].get("summary", "")
        params = row["params"]
        rows[name] = {
            "method": method,
            "path": path,
            "title": title,
            "answer": answer_of(row["answer"]),
            "params": params["properties"],
            "required": params.get("required", []),
        }
    kept = {"version": page["info"]["version"], "operations": dict(sorted(rows.items()))}
    text = json.dumps(kept, separators=(",", ":")).encode()
    TARGET.write_bytes(gzip.compress(text, compresslevel=9, mtime=0))
    print(f"{len(rows)} operations of {page['info']['version']} -> {TARGET} ({TARGET.stat().st_size} bytes)")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
