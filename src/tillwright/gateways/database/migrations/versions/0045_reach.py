"""Objects that are listed by parents or carried inside them, and whether a type's search is of this version."""

from alembic import op

from tillwright.gateways.database.tables import CURRENT, SCHEMA, definer_function

revision = "0045"
down_revision = "0044"

_MINE = f"organisation_id = {CURRENT} and livemode = of_livemode"
_CARRIERS = "object in ('subscription', 'invoice', 'credit_note', 'transfer', 'application_fee')"
_LONG = (
    "coalesce(body->'items'->>'has_more', body->'lines'->>'has_more', body->'reversals'->>'has_more', "
    "body->'refunds'->>'has_more') = 'true'"
)
# The ids of what is inside, as an array: an entry an id, which costs a hundredth of a pattern's trigrams.
_PARTS = "jsonb_path_query_array(body, '$.*.data[*].id')"
_BALANCE = "coalesce(body->>'balance', '0') <> '0'"
_INVOICE_BALANCE = "(coalesce(body->>'starting_balance', '0') <> '0' or coalesce(body->>'ending_balance', '0') <> '0')"


def upgrade() -> None:
    _parents()
    _carried()
    _balances()
    _lists()
    # What `search` goes by where a type's rows were last looked through; null for rows of before.
    op.execute(f"alter table {SCHEMA}.mirror_counts add column searched text, add column search_place text")


def _parents() -> None:
    op.execute(f"alter table {SCHEMA}.mirror_objects add column parent text")
    op.execute(
        f"create index mirror_objects_parent on {SCHEMA}.mirror_objects (organisation_id, livemode, object, parent) "
        "where parent is not null"
    )
    # Only those of lists longer than what a subscription shows have rows of their own.
    op.execute(
        f"update {SCHEMA}.mirror_objects set parent = coalesce(body->'subscription'->>'id', body->>'subscription') "  # noqa: S608 - constants
        "where object = 'subscription_item'"
    )


def _carried() -> None:
    op.execute(
        f"create index mirror_objects_parts on {SCHEMA}.mirror_objects using gin (organisation_id, {_PARTS} "
        f"jsonb_path_ops) where {_CARRIERS} and not deleted"
    )
    op.execute(
        f"create index mirror_objects_long on {SCHEMA}.mirror_objects (organisation_id, livemode, object, id) "
        f"where {_CARRIERS} and {_LONG} and not deleted"
    )
    # As with the other look-ups inside bodies: the policy by hand, so that the index may be used.
    definer_function(
        op,
        "mirror_carriers(of_livemode boolean, of_object text, part text)",
        "table (id text)",
        f"select id from mirror_objects where {_MINE} and object = of_object and {_CARRIERS} and not deleted "  # noqa: S608 - constants
        f"and {_PARTS} @> to_jsonb(array[part])",
    )
    definer_function(
        op,
        "mirror_long_lists(of_livemode boolean, of_object text, behind text)",
        "table (id text)",
        f"select id from mirror_objects where {_MINE} and object = of_object and {_CARRIERS} and {_LONG} "  # noqa: S608 - constants
        "and not deleted and id > behind order by id limit 1",
    )
    op.execute(f"alter table {SCHEMA}.mirror_counts add column carried bigint not null default 0")
    # Read once, and nothing but a row a type is written.
    for carrier, field in (
        ("subscription", "items"), ("invoice", "lines"), ("credit_note", "lines"), ("transfer", "reversals"),
        ("application_fee", "refunds"),
    ):  # fmt: skip
        op.execute(
            f"update {SCHEMA}.mirror_counts c set carried = s.n from (select organisation_id, livemode, "  # noqa: S608 - constants
            f"sum(jsonb_array_length(body->'{field}'->'data')) as n from {SCHEMA}.mirror_objects "
            f"where object = '{carrier}' and not deleted and (body->'{field}'->>'has_more') is distinct from 'true' "
            f"and jsonb_typeof(body->'{field}'->'data') = 'array' group by 1, 2) s "
            f"where c.organisation_id = s.organisation_id and c.livemode = s.livemode and c.object = '{carrier}'"
        )


def _balances() -> None:
    """Customers who owe or have something, and those of whom an invoice or a transaction says that they once did."""
    op.execute(
        f"create index mirror_objects_balance on {SCHEMA}.mirror_objects (organisation_id, livemode, id) "
        f"where object = 'customer' and not deleted and {_BALANCE}"
    )
    op.execute(
        f"create index mirror_objects_balanced on {SCHEMA}.mirror_objects (organisation_id, livemode, customer) "
        f"where object = 'invoice' and not deleted and {_INVOICE_BALANCE}"
    )
    definer_function(
        op,
        "mirror_customers_with_balances(of_livemode boolean, behind text)",
        "table (id text)",
        f"""select id from (
              (select id from mirror_objects where {_MINE} and object = 'customer' and not deleted and {_BALANCE}
                 and id > behind order by id limit 1)
              union all
              (select customer as id from mirror_objects where {_MINE} and object = 'invoice' and not deleted
                 and {_INVOICE_BALANCE} and customer > behind order by customer limit 1)
              union all
              (select parent as id from mirror_objects where {_MINE} and object = 'customer_balance_transaction'
                 and parent > behind order by parent limit 1)) found
            order by id limit 1""",  # noqa: S608 - constants
    )


def _lists() -> None:
    """Accounts that were read before have lists of today, too."""
    kinds = (
        "line_item", "credit_note_line_item", "transfer_reversal", "fee_refund", "product_feature",
        "customer_balance_transaction",
    )  # fmt: skip
    rows = ", ".join(f"('{name}', {100 + place})" for place, name in enumerate(kinds))
    op.execute(
        f"insert into {SCHEMA}.mirror_backfills (organisation_id, livemode, object, position, state, updated) "  # noqa: S608 - constants
        f"select b.organisation_id, b.livemode, k.object, k.position, 'WAITING', now() from (select distinct "
        f"organisation_id, livemode from {SCHEMA}.mirror_backfills) b cross join (values {rows}) k(object, position)"
    )
    op.execute(
        f"insert into {SCHEMA}.mirror_ranges (organisation_id, livemode, object, number, position, state, next_at, "  # noqa: S608 - constants
        f"updated) select organisation_id, livemode, object, 1, position, 'WAITING', now(), now() "
        f"from {SCHEMA}.mirror_backfills where position >= 100"
    )
