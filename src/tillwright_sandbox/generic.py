"""What most operations come to: make, read, change, delete and list objects, driven by the page's tables alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from . import pages, tables
from .call import Call
from .defaults import DEFAULTS, MADE_UP, SHORT_IDS, event_name
from .errors import invalid, no_such
from .filters import Where, matches_filters
from .ids import new_id, prefix_of, random_text
from .objects import Record
from .operations import Operation
from .pages import Page
from .params import check_metadata_total
from .shape import fill, is_list, merge
from .tables import Schema, schemas

__all__ = ["Page", "apply", "build", "create", "delete", "listed", "listing", "retrieve", "schemas", "update"]

# References that must exist. Others (payment methods, sources, tokens) have test values that need not.
CHECKED = frozenset(
    {
        "customer",
        "product",
        "price",
        "plan",
        "coupon",
        "subscription",
        "invoice",
        "charge",
        "payment_intent",
        "quote",
        "promotion_code",
        "issuing.cardholder",
        "issuing.card",
        "terminal.location",
        "radar.value_list",
        "test_helpers.test_clock",
        "treasury.financial_account",
    }
)


def build(call: Call, schema_name: str, **values: Any) -> dict[str, Any]:
    """A new object of a schema, valid and not yet stored: given values put in, null or empty for the rest."""
    schema = tables.schema(schema_name)
    object = tables.object_name(schema_name)
    if not schema.get("properties"):
        return {}  # the page knows nothing of it
    base: dict[str, Any] = {
        "object": object,
        "livemode": call.livemode,
        "created": call.now,
        "id": values.get("id") or _new_id(call, object),
    }
    obj = fill(schema, base | DEFAULTS.get(object, {}) | values, call.now)
    private = {name: value for name, value in values.items() if name.startswith("_")}
    _make_up(call, schema, obj, values)
    return obj | private


def _new_id(call: Call, object: str) -> str:
    if object in SHORT_IDS:
        return random_text(call.world.dice, SHORT_IDS[object])
    return new_id(call.world.dice, prefix_of(object))


def _make_up(call: Call, schema: Schema, obj: dict[str, Any], values: dict[str, Any]) -> None:
    """Puts plausible texts where the page requires one that nobody gave; addresses sub-lists."""
    from .render import sublist_url

    for name, inner in schema.get("properties", {}).items():
        held = obj.get(name)
        if held == "" and name not in values and name in MADE_UP:
            random = random_text(call.world.dice, 24)
            obj[name] = MADE_UP[name].format(object=obj.get("object"), id=obj.get("id"), random=random)
        elif isinstance(held, dict) and held.get("url") == "/v1" and is_list(tables.resolve(inner)):
            held["url"] = page_url(tables.resolve(inner), sublist_url(str(obj.get("object")), str(obj.get("id")), name))
        elif name == "expires_at" and held == call.now:
            obj[name] = call.now + 24 * 3600


def apply(obj: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Merges parameters into a stored object in place: metadata key by key ("" takes a key out), hashes field by
    field, the rest replaced; an empty string unsets. Parameters that are no fields of the object are left aside."""
    name = tables.schema_of_object(str(obj.get("object")))
    if name:
        now = obj.get("created")
        merge(tables.schema(name), obj, params, now if isinstance(now, int) else 0)
        if "metadata" in params:
            check_metadata_total(obj["metadata"])
    return obj


# --- create ------------------------------------------------------------------------------------------------------


def create(call: Call) -> dict[str, Any]:
    """Stores and answers a new object of the operation's kind, made of the parameters; emits its …created event."""
    operation = call.operation
    parent = parent_of(call)
    check_references(call)
    schema_name = _chosen_resource(call)
    schema = tables.schema(schema_name)
    values = dict(call.params)
    if parent:
        field = parent[0].rsplit(".", 1)[-1]
        if field in schema.get("properties", {}):
            values.setdefault(field, parent[1])
    object = tables.object_name(schema_name)
    if "id" in values and call.objects.maybe(object, str(values["id"])):
        title = object.replace("_", " ").capitalize()
        raise invalid(f"{title} already exists.", "id", "resource_already_exists")
    obj = build(call, schema_name, **values)
    if "id" in schema.get("properties", {}):
        call.objects.insert(obj, parent=_loose_parent(parent, schema))
        emit(call, obj, "created")
    elif operation.parent and parent:
        call.objects.insert(obj, parent=parent, key=f"{parent[1]}/{operation.segments[-1]}")
    return obj


def _loose_parent(parent: tuple[str, str] | None, schema: Schema) -> tuple[str, str] | None:
    """The parent, unless a field of the object's own names it already."""
    if parent and parent[0].rsplit(".", 1)[-1] in schema.get("properties", {}):
        return None
    return parent


def parent_of(call: Call) -> tuple[str, str] | None:
    """(object, id) of what the address lies under; 404 when it is not there."""
    parent = call.operation.parent
    if parent is None:
        return None
    object, param = parent
    id_ = call.path[param]
    if object == "account":
        require_account(call, id_)
    else:
        call.objects.get(object, id_)
    return object, id_


def require_account(call: Call, id_: str) -> None:
    """The acting account itself or one connected to it."""
    known = call.world.accounts.get(id_)
    own = known is not None and known.id == call.account.id
    if not own and not call.world.connect.reaches(call.account.id, id_, call.livemode):
        raise no_such("account", id_)


def _chosen_resource(call: Call) -> str:
    """Which of several kinds a create makes: told by the given hash's "object", or by the token's prefix."""
    names = call.operation.resources
    if len(names) == 1:
        return names[0]
    given = call.params.get("source") or call.params.get("external_account") or call.params.get("bank_account")
    if "bank_account" in call.operation.path or "bank_account" in call.params:
        return "bank_account"
    if isinstance(given, dict) and given.get("object") in names:
        return given["object"]
    if isinstance(given, dict) and "account_number" in given and "bank_account" in names:
        return "bank_account"
    if isinstance(given, str) and given.startswith(("btok", "ba_")):
        return "bank_account"
    return "card" if "card" in names else names[0]


def check_references(call: Call) -> None:
    """Parameters that name other objects must name existing ones: 400 resource_missing."""
    for name, value in call.params.items():
        if not isinstance(value, str) or not value:
            continue
        for resource in call.operation.resources:
            inner = tables.schema(resource).get("properties", {}).get(name, {})
            targets = [tables.object_name(one) for one in inner.get("expands", ())]
            if not targets and "resource" in tables.resolve(inner):
                targets = [tables.object_name(str(tables.resolve(inner)["resource"]))]
            if targets and set(targets) <= CHECKED and not any(call.objects.maybe(one, value) for one in targets):
                raise no_such(targets[0], value, name)


def emit(call: Call, obj: dict[str, Any], what: str) -> None:
    """Emits <object>.<what> if Stripe has an event of that name."""
    type_ = f"{event_name(str(obj['object']))}.{what}"
    if type_ in tables.event_types():
        call.emit(type_, obj)


# --- read, change, delete ------------------------------------------------------------------------------------------


def find(call: Call) -> Record:
    """The record the address names, deleted ones only where Stripe shows their stub; else 404."""
    operation = call.operation
    id_ = call.path[operation.id_param or ""]
    parent = parent_of(call)
    for object in operation.objects:
        record = call.objects.record(object, id_)
        if record is None or (parent is not None and not belongs(record, parent)):
            continue
        if not record.deleted or (operation.deleted and operation.method == "GET"):
            call.objects.undo.note(call.objects, record)
            return record
    raise no_such(operation.object, id_, hint=other_mode(call, operation, id_))


def belongs(record: Record, parent: tuple[str, str]) -> bool:
    if record.parent is not None:
        return record.parent == parent
    field = parent[0].rsplit(".", 1)[-1]
    held = record.obj.get(field)
    held = held.get("id") if isinstance(held, dict) else held
    return held is None or held == parent[1]


def other_mode(call: Call, operation: Operation, id_: str) -> str:
    """Stripe's hint where the id exists in the other mode."""
    return next((hint for object in operation.objects if (hint := call.objects.hint(object, id_))), "")


def retrieve(call: Call) -> dict[str, Any]:
    return find(call).obj


def update(call: Call) -> dict[str, Any]:
    """Merges the parameters into the stored object and emits its …updated event if that changed anything."""
    record = find(call)
    check_references(call)
    apply(record.obj, call.params)
    call.objects.touch(record.obj)
    emit(call, record.obj, "updated")
    return record.obj


def delete(call: Call) -> dict[str, Any]:
    """Leaves a stub and answers it; the …deleted event shows the object as it was."""
    record = find(call)
    before = dict(record.obj)
    stub = call.objects.delete(record.object, record.id)
    emit(call, before, "deleted")
    if call.operation.deleted:
        extra = tables.schema(call.operation.deleted[0]).get("properties", {})
        return stub | {name: before[name] for name in extra if name in before and name not in stub}
    return before


# --- lists ---------------------------------------------------------------------------------------------------------


def listing(call: Call, where: Callable[[dict[str, Any]], bool] | None = None) -> Page:
    """A page of the operation's list under the request's filters and cursors, narrowed further by `where`."""
    operation = call.operation
    view = pages.window(call.objects, operation.objects, call.params)
    parent = parent_of(call)
    wanted = Where(operation, call.params)
    chosen = _candidates(call, parent, wanted, view)
    rows, more = pages.cut(chosen, view, lambda obj: matches_filters(wanted, obj) and (where is None or where(obj)))
    return Page(list(rows), more, url(call))


def _candidates(call: Call, parent: tuple[str, str] | None, wanted: Where, view: pages.Window) -> Any:
    """Records newest first (or the other way round when going backwards), by the cheapest way to them."""
    objects = call.objects
    if parent:
        found = [record for kind in call.operation.objects for record in objects.children(*parent, kind)]
    elif wanted.indexed:
        field, value = wanted.indexed
        found = [record for kind in call.operation.objects for record in objects.kind(kind).under(field, value)]
    elif len(call.operation.objects) == 1:
        return pages.between(objects.kind(call.operation.object), view)
    else:
        found = [record for kind in call.operation.objects for record in objects.kind(kind).newest_first()]
    if len(call.operation.objects) > 1:
        found.sort(key=lambda record: record.key, reverse=True)
    return pages.within(found, view)


def listed(call: Call, found: list[dict[str, Any]]) -> Page:
    """A page of the given objects, newest first; stored ones keep their place in the store's order as cursors."""
    length = pages.length(call.params)
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after and before:
        raise invalid("Received both starting_after and ending_before parameters. Please pass in only one.")
    rows = found
    for cursor, param in ((after, "starting_after"), (before, "ending_before")):
        if cursor:
            place = next((at for at, one in enumerate(rows) if one.get("id") == cursor), None)
            if place is None:
                raise no_such(call.operation.object, cursor, param)
            rows = rows[place + 1 :] if param == "starting_after" else rows[:place]
    more = len(rows) > length
    rows = rows[-length:] if before else rows[:length]
    return Page(rows, more, url(call))


def url(call: Call) -> str:
    """The address of the list itself, path parameters filled in."""
    path = call.operation.path
    for name, value in call.path.items():
        path = path.replace("{" + name + "}", value)
    return path


def page_url(schema: Schema, path: str) -> str:
    """`path`, unless the page says that the list's url begins otherwise: old addresses answer with the new one's."""
    pattern = str(schema.get("properties", {}).get("url", {}).get("pattern", ""))
    return path if re.match(pattern, path) else pattern.removeprefix("^")
