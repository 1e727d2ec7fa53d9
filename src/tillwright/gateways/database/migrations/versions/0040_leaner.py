"""Look-ups that read a whole account's objects at a million of them; and two indexes that nothing needs."""

from alembic import op

from tillwright.gateways.database.tables import CURRENT, SCHEMA, definer_function

revision = "0040"
down_revision = "0039"

_MINE = f"organisation_id = {CURRENT}"
_NAME = "coalesce(body->>'name', body->>'email', id)"
"""As in billing/views.py, where the reason is."""


def upgrade() -> None:
    op.execute(
        f"create index stripe_events_happened on {SCHEMA}.stripe_events (organisation_id, livemode, created desc, "
        "place desc)"
    )
    # Both tables' keys begin with the organisation. A row here is written thousands of times a second.
    for table in ("mirror_objects", "stripe_events"):
        op.execute(f"drop index {SCHEMA}.{table}_organisation")
    _amounts()
    _buyers()


def _amounts() -> None:
    """Each amount by itself: asked for all at once, in order, the planner reads every payment in that order instead."""
    definer_function(
        op,
        "mirror_payments_of_amount(of_livemode boolean, amounts text[], odd text[], pairs text[], "
        "before_created timestamptz, before_id text, most integer)",
        "table (id text)",
        f"""select m.id from unnest(amounts) a(amount) cross join lateral (
              select id, created from mirror_objects where {_MINE} and livemode = of_livemode
                and object = 'payment_intent' and not deleted and body->>'amount' = a.amount
                and case when body->>'currency' = any(odd) then (body->>'currency') || ':' || a.amount = any(pairs)
                    else '*:' || a.amount = any(pairs) end
                and (before_created is null or (created, id) < (before_created, before_id))
              order by created desc, id desc limit most) m
            order by m.created desc, m.id desc limit most""",  # noqa: S608 - constants
    )


def _buyers() -> None:
    """Customers by a part of their name and by their address, of both modes: the policy by hand, as elsewhere."""
    mine = f"{_MINE} and object = 'customer' and not deleted"
    op.execute(
        f"create index mirror_objects_names on {SCHEMA}.mirror_objects using gin (organisation_id, ({_NAME}) "
        "gin_trgm_ops) where object = 'customer' and not deleted"
    )
    op.execute(
        f"create index mirror_objects_emails on {SCHEMA}.mirror_objects (organisation_id, (body->>'email')) "
        "where object = 'customer' and not deleted"
    )
    definer_function(
        op,
        "mirror_customers_named(pattern text, most integer)",
        "table (id text)",
        # Planned as if all were wanted, or the limit would have the planner hope to meet them soon without the index.
        f"with found as materialized (select id from mirror_objects where {mine} and {_NAME} ilike pattern) "  # noqa: S608 - constants
        "select id from found limit most",
    )
    definer_function(
        op,
        "mirror_customers_at(address text, most integer)",
        "table (id text)",
        f"select id from mirror_objects where {mine} and body->>'email' = address limit most",  # noqa: S608 - constants
    )
