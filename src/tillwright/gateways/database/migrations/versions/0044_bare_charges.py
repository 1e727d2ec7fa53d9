"""Charges that no payment intent made are payments too: found as these are, with what belongs to them."""

from alembic import op

from tillwright.gateways.database.tables import CURRENT, SCHEMA, definer_function

revision = "0044"
down_revision = "0043"

# The payment that something belongs to: a payment intent, or the charge where there is none.
_PAYMENT = (
    "coalesce({0}body->>'payment_intent', {0}body->'payment'->>'payment_intent', {0}body->>'charge', "
    "{0}body->'payment'->>'charge', case when {0}object = 'charge' then {0}id end)"
)
_BARE = "object = 'charge' and body->>'payment_intent' is null"
"""As in the mirror's finding/bare_store.py: the index is used where the condition stands word for word."""
_AFTER = "(before_created is null or (created, id) < (before_created, before_id))"
_MINE = f"organisation_id = {CURRENT} and livemode = of_livemode and {_BARE} and not deleted"


def upgrade() -> None:
    _indexes()
    _belonging()
    _looking()
    # Sums by day counted what was asked for; they count what was received now.
    op.execute(f"delete from {SCHEMA}.mirror_day_marks where object in ('payment_intent', 'charge')")  # noqa: S608


def _indexes() -> None:
    op.execute(f"drop index {SCHEMA}.mirror_objects_intents")
    op.execute(
        f"create index mirror_objects_payments on {SCHEMA}.mirror_objects (organisation_id, livemode, object, "
        f"({_PAYMENT.format('')})) where object in ('charge', 'refund', 'dispute', 'invoice_payment')"
    )
    for name, columns in (
        ("bare", "created desc, id desc"),
        ("bare_customers", "customer, created desc, id desc"),
        ("bare_amounts", "(body->>'amount'), created desc, id desc"),
    ):
        op.execute(
            f"create index mirror_objects_{name} on {SCHEMA}.mirror_objects (organisation_id, livemode, {columns}) "
            f"where {_BARE} and not deleted"
        )


def _belonging() -> None:
    """As before, and by what a charge has instead of a payment intent."""
    payment = _PAYMENT.format("m.")
    mine = f"m.organisation_id = {CURRENT} and m.livemode = of_livemode and not m.deleted"
    definer_function(
        op,
        "mirror_of_intents(of_livemode boolean, of_object text, intents text[])",
        "table (id text)",
        f"select m.id from unnest(intents) i(intent) cross join lateral (select m.id from mirror_objects m "  # noqa: S608 - constants
        f"where {mine} and m.object = of_object "
        f"and m.object in ('charge', 'refund', 'dispute', 'invoice_payment') and {payment} = i.intent) m",
    )
    paid = f"from mirror_objects m where {mine} and m.object = 'invoice_payment' and {payment} is not null"
    definer_function(
        op,
        "mirror_invoice_links(of_livemode boolean, intents text[], invoices text[])",
        "table (intent text, invoice text)",
        f"select l.* from unnest(intents) i(one) cross join lateral "  # noqa: S608 - constants
        f"(select {payment}, m.body->>'invoice' {paid} and {payment} = i.one) l "
        f"union select l.* from unnest(invoices) i(one) cross join lateral "
        f"(select {payment}, m.body->>'invoice' {paid} and m.body->>'invoice' = i.one) l",
    )
    # A function that is made anew forgets its settings; why it needs this one: 0036.
    for signature in ("mirror_of_intents(boolean, text, text[])", "mirror_invoice_links(boolean, text[], text[])"):
        op.execute(f"alter function {SCHEMA}.{signature} set plan_cache_mode = force_generic_plan")


def _looking() -> None:
    """As payments are looked for: by what was typed, and by amount."""
    definer_function(
        op,
        "mirror_search_bare(of_livemode boolean, pattern text, before_created timestamptz, before_id text, "
        "most integer)",
        "table (id text)",
        f"select id from mirror_objects where {_MINE} and search is not null and search like pattern and {_AFTER} "  # noqa: S608 - constants
        "order by created desc, id desc limit most",
    )
    definer_function(
        op,
        "mirror_bare_of_amount(of_livemode boolean, amounts text[], odd text[], pairs text[], "
        "before_created timestamptz, before_id text, most integer)",
        "table (id text)",
        f"""select m.id from unnest(amounts) a(amount) cross join lateral (
              select id, created from mirror_objects where {_MINE} and body->>'amount' = a.amount
                and case when body->>'currency' = any(odd) then (body->>'currency') || ':' || a.amount = any(pairs)
                    else '*:' || a.amount = any(pairs) end
                and {_AFTER} order by created desc, id desc limit most) m
            order by m.created desc, m.id desc limit most""",  # noqa: S608 - constants
    )
