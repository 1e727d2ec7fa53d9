"""The mirror's order of changes on a younger server: see `tillwright.domains.events.renumber_store`.

Here the order matters less: a follower is given each object in its newest state, so what is still to be given may come
in any order, and what was given may come again.
"""

from __future__ import annotations

from typing import Any

import psycopg

from tillwright.domains.mirror.change_store import FOLLOWED

_AHEAD = f"""
select exists (
    select 1 from organisations o cross join lateral (
        select changed from mirror_objects m where m.organisation_id = o.id and m.{FOLLOWED}
        order by changed desc, object desc, id desc, livemode desc limit 1) newest
    where newest.changed >= pg_snapshot_xmax(pg_current_snapshot())
) or exists (
    select 1 from mirror_followers where changed >= pg_snapshot_xmax(pg_current_snapshot()))"""  # noqa: S608 - a constant

_OBJECTS = """
with floors as (
    select distinct on (organisation_id) * from mirror_followers
    order by organisation_id, changed, object, id, livemode
)
update mirror_objects m set changed = case
    when (m.changed, m.object, m.id, m.livemode) <= (f.changed, f.object, f.id, f.livemode) then '1'::xid8
    else '2'::xid8 end
from organisations o left join floors f on f.organisation_id = o.id where o.id = m.organisation_id"""


def renumber(connection: psycopg.Connection[Any]) -> int:
    """Put the changes' order into this server's numbers, in the caller's transaction; the owner's connection.

    Returns what the spine's does.
    """
    row = connection.execute(_AHEAD).fetchone()
    if not (row and row[0]):
        return 0
    connection.execute("lock table mirror_objects, mirror_followers in exclusive mode")
    connection.execute(_OBJECTS)
    connection.execute("update mirror_followers set changed = '2', object = '', id = '', livemode = false")
    return 2
