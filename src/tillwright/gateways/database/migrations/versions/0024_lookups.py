"""Finding what refers to a payment intent or an invoice: such references are inside the objects' bodies."""

from alembic import op

from tillwright.gateways.database.tables import CURRENT, definer_function

revision = "0024"
down_revision = "0023"

_INTENT = "coalesce(body->>'payment_intent', body->'payment'->>'payment_intent')"


def upgrade() -> None:
    for name, expression, objects in (
        ("intents", f"({_INTENT})", "'charge', 'refund', 'dispute', 'invoice_payment'"),
        ("invoices", "(body->>'invoice')", "'invoice_payment', 'credit_note'"),
    ):
        op.execute(
            f"create index mirror_objects_{name} on mirror_objects (organisation_id, livemode, object, {expression}) "
            f"where object in ({objects})"
        )
    # Under the tenant's policy an index on an expression over `body` is never used (`->>` is not leakproof): these
    # apply the same policy by hand.
    mine = f"organisation_id = {CURRENT} and livemode = of_livemode and not deleted"
    definer_function(
        op,
        "mirror_of_intents(of_livemode boolean, of_object text, intents text[])",
        "table (id text)",
        f"select id from mirror_objects where {mine} and object = of_object "  # noqa: S608 - constants
        "and object in ('charge', 'refund', 'dispute', 'invoice_payment') "
        f"and {_INTENT} = any(intents)",
    )
    definer_function(
        op,
        "mirror_invoice_links(of_livemode boolean, intents text[], invoices text[])",
        "table (intent text, invoice text)",
        f"select {_INTENT}, body->>'invoice' from mirror_objects where {mine} "  # noqa: S608 - constants
        f"and object = 'invoice_payment' and {_INTENT} = any(intents) and {_INTENT} is not null union "
        f"select {_INTENT}, body->>'invoice' from mirror_objects where {mine} "
        f"and object = 'invoice_payment' and body->>'invoice' = any(invoices) and {_INTENT} is not null",
    )
