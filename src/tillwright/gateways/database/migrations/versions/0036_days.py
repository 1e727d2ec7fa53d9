"""What pages read at a million objects: sums by day, and look-ups of many payments one by one."""

from alembic import op

from tillwright.gateways.database.tables import CURRENT, definer_function, tenant_table

revision = "0036"
down_revision = "0035"


_INTENT = "coalesce(m.body->>'payment_intent', m.body->'payment'->>'payment_intent')"
_MINE = f"m.organisation_id = {CURRENT} and m.livemode = of_livemode and not m.deleted"


def upgrade() -> None:
    _days()
    _one_by_one()


def _one_by_one() -> None:
    """With a list of payments to compare with, the planner reads every charge instead: so each by itself."""
    definer_function(
        op,
        "mirror_of_intents(of_livemode boolean, of_object text, intents text[])",
        "table (id text)",
        f"select m.id from unnest(intents) i(intent) cross join lateral (select m.id from mirror_objects m "  # noqa: S608 - constants
        f"where {_MINE} and m.object = of_object "
        f"and m.object in ('charge', 'refund', 'dispute', 'invoice_payment') and {_INTENT} = i.intent) m",
    )
    paid = f"from mirror_objects m where {_MINE} and m.object = 'invoice_payment' and {_INTENT} is not null"
    definer_function(
        op,
        "mirror_invoice_links(of_livemode boolean, intents text[], invoices text[])",
        "table (intent text, invoice text)",
        f"select l.* from unnest(intents) i(one) cross join lateral "  # noqa: S608 - constants
        f"(select {_INTENT}, m.body->>'invoice' {paid} and {_INTENT} = i.one) l "
        f"union select l.* from unnest(invoices) i(one) cross join lateral "
        f"(select {_INTENT}, m.body->>'invoice' {paid} and m.body->>'invoice' = i.one) l",
    )
    # Knowing the payments it takes what is inside a body for far more common than it is, and reads the whole type.
    for signature in ("mirror_of_intents(boolean, text, text[])", "mirror_invoice_links(boolean, text[], text[])"):
        op.execute(f"alter function tillwright.{signature} set plan_cache_mode = force_generic_plan")


def _days() -> None:
    # Money in minor units; an empty text where an object has no currency or status.
    tenant_table(
        op,
        "mirror_days",
        """livemode boolean not null,
        object text not null,
        day date not null,
        currency text not null,
        status text not null,
        count bigint not null,
        amount bigint not null,
        primary key (organisation_id, livemode, object, day, currency, status)""",
    )
    tenant_table(
        op,
        "mirror_day_marks",
        """livemode boolean not null,
        object text not null,
        since date not null,
        until date not null,
        computed timestamptz not null,
        primary key (organisation_id, livemode, object)""",
    )
    definer_function(
        op,
        "organisations_with_days_due(types text[], most bigint, before timestamptz)",
        "table (organisation_id text)",
        """select distinct c.organisation_id from mirror_counts c left join mirror_day_marks m
           on m.organisation_id = c.organisation_id and m.livemode = c.livemode and m.object = c.object
           where c.object = any(types) and c.present > most and (m.computed is null or m.computed < before)""",
    )
