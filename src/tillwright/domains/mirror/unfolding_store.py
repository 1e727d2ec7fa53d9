"""What to select a type from: the table, or the parents unfolded, by the names of the table's columns. Pure.

A parent that carries all of its objects is where they are, as new as the parent is; of a longer list the rest was asked
for, and all of them are rows of their own.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import LiteralString, cast

from tillwright.domains.mirror.kinds import KINDS
from tillwright.gateways.database.tables import SCHEMA

CARRIED = MappingProxyType({kind.object: kind for kind in KINDS if kind.inside})
"""The kinds whose objects are inside others, by their type."""
_LATEST = 1 << 37


@cache
def relation(object_type: str) -> LiteralString:
    """What stands behind `from`. Of carried types there is `parent_created` besides: `customer` is the parent's."""
    return f"({unfolded(object_type)}) mirror_objects" if object_type in CARRIED else "mirror_objects"


def newest_first(object_type: str) -> LiteralString:
    """The order of a type's lists, which an index gives: carried objects come with their parents."""
    if object_type in CARRIED:
        return "parent_created desc, parent desc, id desc"
    return "created desc, id desc"


@cache
def unfolded(object_type: str) -> LiteralString:
    """A select of all objects of a carried type that are not deleted."""
    kind = CARRIED[object_type]
    held = f"p.body->{_text(kind.inside or '')}"
    long = f"({held}->>'has_more') is not distinct from 'true'"
    data = f"{held}->'data'"
    made = "e.body->'created'"
    words = ", ".join(f"e.body#>>{_text('{' + field.replace('.', ',') + '}')}" for field in ("id", *kind.search))
    mine = f"m.organisation_id = p.organisation_id and m.livemode = p.livemode and m.object = {_text(kind.object)}"
    text = f"""select p.organisation_id, p.livemode, {_text(kind.object)}::text as object, i.id, p.account_id,
i.created, i.fetched_at, i.event_received, i.event_id, false as deleted, p.customer, i.status, i.search, i.body,
p.id as parent, p.created as parent_created from {SCHEMA}.mirror_objects p cross join lateral (
select e.body->>'id' as id, case when jsonb_typeof({made}) = 'number' and ({made})::numeric between 0 and {_LATEST - 1}
then to_timestamp(({made})::double precision) else 'epoch'::timestamptz end as created,
p.fetched_at, p.event_received, p.event_id, null::text as status, lower(concat_ws(E'\\n', {words})) as search, e.body
from jsonb_array_elements(case when {long} or jsonb_typeof({data}) is distinct from 'array' then '[]'::jsonb
else {data} end) e(body) where jsonb_typeof(e.body->'id') = 'string'
union all select m.id, m.created, m.fetched_at, m.event_received, m.event_id, m.status, m.search, m.body
from {SCHEMA}.mirror_objects m where {long} and {mine} and m.parent = p.id and not m.deleted
) i where p.object = {_text(kind.of or "")} and not p.deleted"""  # noqa: S608 - Stripe's own names, quoted
    return cast("LiteralString", text)


def held() -> LiteralString:
    """How many objects a row `m` of the table carries, as `Columns.held` counts them."""
    fields = [(_text(kind.of or ""), f"m.body->{_text(kind.inside or '')}") for kind in CARRIED.values()]
    cases = " ".join(
        f"when {carrier} then case when ({field}->>'has_more') is distinct from 'true' "
        f"and jsonb_typeof({field}->'data') = 'array' then jsonb_array_length({field}->'data') else 0 end"
        for carrier, field in fields
    )
    return cast("LiteralString", f"case m.object {cases} else 0 end")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
