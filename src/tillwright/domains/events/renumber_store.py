"""The spine on a younger server: its order is by transaction, and another server counts its transactions anew.

A dump restored elsewhere brings numbers the new server has not reached. What it records would sort before what was
handed on, and never be handed on. So the old order is written down again in numbers below all of the new server's.
"""

from __future__ import annotations

from typing import Any

import psycopg

_AHEAD = """
select exists (
    select 1 from organisations o cross join lateral (
        select transaction_id from spine_events e where e.organisation_id = o.id
        order by transaction_id desc, id desc limit 1) newest
    where newest.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
) or exists (
    select 1 from spine_places where last_transaction >= pg_snapshot_xmax(pg_current_snapshot()))"""

# What every consumer was given becomes transaction 1, in whatever order. What is behind it keeps its order: by id
# alone as far as that is the order, and one number more where it is not.
_NUMBERED = """
create temporary table numbered on commit drop as
with floors as (
    select distinct on (organisation_id) organisation_id, last_transaction, last from spine_places
    order by organisation_id, last_transaction, last
), marked as (
    select e.organisation_id, e.id, e.transaction_id,
        (e.transaction_id, e.id) <= (coalesce(f.last_transaction, '0'), coalesce(f.last, 0)) as given,
        e.id < lag(e.id, 1, 0::bigint) over (
            partition by e.organisation_id order by e.transaction_id, e.id) as turns
    from spine_events e left join floors f using (organisation_id)
)
select organisation_id, id, transaction_id, case when given then 1 else 2 + count(*) filter (where turns and not given)
    over (partition by organisation_id order by transaction_id, id) end as number
from marked"""

_PLACES = """
update spine_places p set (last_transaction, last) = (
    select number::text::xid8, id from (
        select number, id from numbered n where n.organisation_id = p.organisation_id and n.number > 1
            and (n.transaction_id, n.id) <= (p.last_transaction, p.last)
        union all select 2, 0) up_to order by number desc, id desc limit 1)"""

_EVENTS = """
update spine_events e set transaction_id = n.number::text::xid8 from numbered n where n.id = e.id"""


def renumber(connection: psycopg.Connection[Any]) -> int:
    """Put the spine's order into this server's numbers, in the caller's transaction; the owner's connection.

    Returns:
        The number that the server's own transactions must have passed before all is handed on; 0 if nothing had to
        be done, as always but after a move.
    """
    ahead = connection.execute(_AHEAD).fetchone()
    if not (ahead and ahead[0]):
        return 0
    connection.execute("lock table spine_events, spine_places in exclusive mode")
    connection.execute(_NUMBERED)
    connection.execute(_PLACES)
    connection.execute(_EVENTS)
    highest = connection.execute("select max(number) from numbered").fetchone()
    return int(highest[0] or 2) if highest else 2
