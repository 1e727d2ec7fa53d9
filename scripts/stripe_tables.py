"""Makes the sandbox's tables (operations, schemas, event types, API versions) from Stripe's public OpenAPI page.

    python scripts/stripe_tables.py path/to/stripe-openapi.json

Only facts are kept (names, types, enums, what is required); the same page always gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

TABLES = Path(__file__).parent.parent / "src" / "tillwright_sandbox" / "tables"
METHODS = ("get", "post", "delete")
KEPT = ("type", "format", "nullable", "enum", "maxLength", "pattern")
REF = "#/components/schemas/"
NOTICE = """The tables in this folder are generated from Stripe's public OpenAPI specification, version {version}
(https://github.com/stripe/openapi), by scripts/stripe_tables.py. That specification is published under this licence:

MIT License

Copyright (c) 2016- Stripe, Inc. (https://stripe.com)

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def compact(schema: dict[str, Any]) -> dict[str, Any]:
    """The facts of a schema: short references ("ref"), expansion targets ("expands"), resource names ("resource")."""
    if "$ref" in schema:
        return {"ref": schema["$ref"].removeprefix(REF)}
    out: dict[str, Any] = {key: schema[key] for key in KEPT if key in schema}
    if "properties" in schema:
        out["properties"] = {name: compact(inner) for name, inner in sorted(schema["properties"].items())}
    if schema.get("required"):
        out["required"] = sorted(schema["required"])
    if isinstance(schema.get("items"), dict):
        out["items"] = compact(schema["items"])
    if "anyOf" in schema:
        out["anyOf"] = [compact(inner) for inner in schema["anyOf"]]
    if isinstance(schema.get("additionalProperties"), dict):
        out["values"] = compact(schema["additionalProperties"])
    if "x-expansionResources" in schema:
        out["expands"] = [one["$ref"].removeprefix(REF) for one in schema["x-expansionResources"]["oneOf"]]
    if "x-resourceId" in schema:
        out["resource"] = schema["x-resourceId"]
    return out


def parameters(spec: dict[str, Any]) -> dict[str, Any]:
    """Query and body parameters of an operation as one object schema."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for parameter in spec.get("parameters", []):
        if parameter["in"] == "query":
            properties[parameter["name"]] = compact(parameter["schema"])
            if parameter.get("required"):
                required.append(parameter["name"])
    for content in spec.get("requestBody", {}).get("content", {}).values():
        body = content["schema"]
        for name, inner in body.get("properties", {}).items():
            properties[name] = compact(inner)
        required += body.get("required", [])
    out: dict[str, Any] = {"type": "object", "properties": dict(sorted(properties.items()))}
    if required:
        out["required"] = sorted(set(required))
    return out


def operations(page: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for path, methods in sorted(page["paths"].items()):
        for method in METHODS:
            if method in methods:
                spec = methods[method]
                answers = spec["responses"]["200"]["content"]
                media, answer = next(iter(answers.items()))
                rows.append(
                    {
                        "id": spec["operationId"],
                        "method": method.upper(),
                        "path": path,
                        "params": parameters(spec),
                        "upload": "multipart/form-data" in spec.get("requestBody", {}).get("content", {}),
                        "media": media,
                        "answer": compact(answer["schema"]),
                    }
                )
    return rows


def facts(page: dict[str, Any]) -> dict[str, Any]:
    endpoint = page["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]["content"]
    properties = endpoint["application/x-www-form-urlencoded"]["schema"]["properties"]
    return {
        "version": page["info"]["version"],
        "versions": properties["api_version"]["enum"],
        "event_types": sorted(set(properties["enabled_events"]["items"]["enum"]) - {"*"}),
    }


def write(path: Path, value: Any) -> None:
    text = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(text, compresslevel=9, mtime=0))
    print(f"{path}: {path.stat().st_size} bytes, {len(value)} entries")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="Stripe's OpenAPI page (spec3.json)")
    parser.add_argument("--out", type=Path, default=TABLES)
    args = parser.parse_args()
    page = json.loads(args.page.read_text())
    args.out.mkdir(parents=True, exist_ok=True)
    write(args.out / "operations.json.gz", operations(page))
    write(args.out / "schemas.json.gz", {name: compact(one) for name, one in page["components"]["schemas"].items()})
    write(args.out / "facts.json.gz", facts(page))
    (args.out / "NOTICE").write_text(NOTICE.format(version=page["info"]["version"]))


if __name__ == "__main__":
    main()
