"""Calls every operation of Stripe's page against a sandbox, with the least that it asks for, and says how each went."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.sandbox import preparations, recipes
from tests.sandbox.conftest import VERSION, Sandbox
from tillwright_sandbox import generic, pipeline, tables
from tillwright_sandbox.operations import Operation, operations
from tillwright_sandbox.tables.validate import answer_complaints

CREATES = {
    operation.object: operation
    for operation in sorted(operations().values(), key=lambda one: -len(one.path))
    if operation.kind == "create" and operation.resources and operation.parent is None
}


@dataclass
class Outcome:
    operation: Operation
    status: int
    complaints: list[str] = field(default_factory=list)
    message: str = ""

    @property
    def good(self) -> bool:
        return self.status == 200 and not self.complaints


class Walker:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.count = 0
        self.also: dict[str, Any] = {}  # what a preparation wants sent with its operation
        self.http = httpx.Client(
            base_url=sandbox.url,
            headers={"Authorization": f"Bearer {sandbox.secret_key}", "Stripe-Version": VERSION},
            timeout=30,
        )

    # --- the least an operation asks for -----------------------------------------------------------------------

    def params(self, operation: Operation) -> dict[str, Any]:
        given = self.filled(recipes.PARAMS.get(operation.id, {}))
        return self.least(operation.params) | given

    def least(self, schema: dict[str, Any], some: bool = False) -> dict[str, Any]:
        """What is required; with `some`, at least one field, since an empty hash cannot be sent."""
        properties = schema.get("properties", {})
        names = list(schema.get("required", ()))
        if not names and some:
            names = sorted(properties, key=lambda one: (properties[one].get("type") in ("object", "array"), one))[:1]
        return {one: self.value(properties[one], one) for one in names}

    def value(self, schema: dict[str, Any], name: str) -> Any:
        if name in recipes.REFERENCES:
            return self.have(recipes.REFERENCES[name])
        if name in recipes.UNIQUE:
            self.count += 1
            return f"{name}_{self.count}"
        if name in recipes.WORDS:
            return recipes.WORDS[name]
        if "anyOf" in schema:
            return self.value(schema["anyOf"][0], name)
        if "enum" in schema:
            return next(word for word in schema["enum"] if word)
        kind = schema.get("type")
        if kind == "integer":
            return self.sandbox.world.clock.now() + 86_400 if schema.get("format") == "unix-time" else 1000
        if kind == "object":
            return {"key": "value"} if "values" in schema else self.least(schema, some=True)
        if kind == "array":
            return [self.value(schema["items"], name.removesuffix("s"))]
        return {"boolean": "true", "number": "1.5"}.get(str(kind), "10" if schema.get("format") == "decimal" else name)

    def filled(self, given: Any) -> Any:
        """Recipes write an object to be made as "@kind"."""
        if isinstance(given, dict):
            return {name: self.filled(one) for name, one in given.items()}
        if isinstance(given, list):
            return [self.filled(one) for one in given]
        if isinstance(given, str) and given.startswith("@now"):
            return self.sandbox.world.clock.now() + int(given[4:] or 0)
        return self.have(given[1:]) if isinstance(given, str) and given.startswith("@") else given

    # --- things to act on -----------------------------------------------------------------------------------------

    def have(self, object: str) -> str:
        """The id of a new object of a kind: created through the API where it can be, else put into the store."""
        if object in recipes.FIXED:
            return recipes.FIXED[object]
        if object in recipes.MADE:
            return recipes.MADE[object](self)
        operation = CREATES.get(object)
        if operation is None or object in recipes.SEEDED:
            return self.seed(object)
        return self.ok(operation, operation.path)["id"]

    def seed(self, object: str, **values: Any) -> str:
        """What no call can make (events, disputes, reviews) is put straight into the store."""
        world = self.sandbox.world
        extra = self.filled(recipes.SEEDS.get(object, {}))
        with pipeline.act(world, world.accounts[self.sandbox.account], False) as call:
            schema = tables.schema_of_object(object)
            assert schema is not None, object
            parent = values.pop("parent", None)
            obj = generic.build(call, schema, **(extra | values))
            call.objects.insert(obj, parent=parent)
            return obj["id"]

    def ok(self, operation: Operation, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.send(operation, path, self.params(operation) if params is None else params)
        assert response.status_code == 200, f"{operation.method} {path}: {response.text}"
        return response.json()

    def call(self, operation_id: str, params: dict[str, Any] | None = None, **path: str) -> dict[str, Any]:
        """Any call by its operation's name, for recipes."""
        operation = operations()[operation_id]
        address = operation.path.format(**path)
        return self.ok(operation, address, self.filled(params or {}))

    def address(self, operation: Operation) -> str:
        """The operation's path with ids of things that exist."""
        if operation.id in preparations.PATHS:
            return operation.path.format(**preparations.PATHS[operation.id](self))
        values: dict[str, str] = {}
        parent = operation.parent
        if parent:
            values[parent[1]] = self.have(parent[0])
        if operation.id_param:
            if parent:
                values[operation.id_param] = self.child(operation, parent[0], values[parent[1]])
            else:
                values[operation.id_param] = self.have(operation.object)
        for name in operation.path_params:
            if name not in values:
                values[name] = self.have(recipes.REFERENCES.get(name, name))
        return operation.path.format(**values)

    def child(self, operation: Operation, parent: str, parent_id: str) -> str:
        maker = next(
            (
                one
                for one in operations().values()
                if one.kind == "create" and one.parent and one.parent[0] == parent and one.object == operation.object
                and one.path.rsplit("/", 1)[-1] == operation.segments[-2]
            ),
            None,
        )  # fmt: skip
        if maker:
            return self.ok(maker, maker.path.format(**{maker.path_params[0]: parent_id}))["id"]
        field_ = parent.rsplit(".", 1)[-1]
        schema = tables.schema(operation.resource)
        own = {field_: parent_id} if field_ in schema.get("properties", {}) else {"parent": (parent, parent_id)}
        return self.seed(operation.object, **own)

    # --- calling ----------------------------------------------------------------------------------------------------

    def send(self, operation: Operation, path: str, params: dict[str, Any]) -> httpx.Response:
        fields = flat(params)
        if operation.upload:
            files = {"file": ("note.csv", b"a,b\n1,2\n", "text/csv")}
            return self.http.post(path, data={key: value for key, value in fields if key != "file"}, files=files)
        if operation.method == "POST":
            body = httpx.QueryParams(fields)
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self.http.request("POST", path, content=str(body).encode(), headers=headers)
        return self.http.request(operation.method, path, params=fields)

    def visit(self, operation: Operation) -> Outcome:
        try:
            self.also = {}
            path = self.address(operation)
            also = self.also
            params = self.params(operation) | also
        except AssertionError as error:
            return Outcome(operation, 0, message=f"preparation failed: {error}")
        response = self.send(operation, path, params)
        if response.status_code != 200:
            return Outcome(operation, response.status_code, message=f"{path} {json.dumps(params)} {response.text}")
        if operation.media != "application/json":
            assert response.headers["content-type"] == operation.media
            return Outcome(operation, 200)
        answer = response.json()
        return Outcome(operation, 200, answer_complaints(operation.id, answer), json.dumps(answer)[:2000])


def flat(params: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested parameters as form fields."""
    if isinstance(params, dict):
        return [pair for name, one in params.items() for pair in flat(one, f"{prefix}[{name}]" if prefix else name)]
    if isinstance(params, list):
        return [pair for index, one in enumerate(params) for pair in flat(one, f"{prefix}[{index}]")]
    if isinstance(params, bool):
        return [(prefix, "true" if params else "false")]
    return [(prefix, str(params))]
