"""Looking things up by what is inside them: payments by amount, discounts by coupon, runs by their object."""

from alembic import op

from tillwright.gateways.database.tables import CURRENT, SCHEMA, definer_function

revision = "0034"
down_revision = "0033"

# A code's coupon, a discount's, and that of a customer who has one: Stripe moved the field more than once.
_COUPON = (
    "coalesce(body->'promotion'->>'coupon', body->'source'->>'coupon', body->'coupon'->>'id', body->>'coupon', "
    "body->'discount'->'source'->>'coupon', body->'discount'->'coupon'->>'id')"
)


def upgrade() -> None:
    op.execute(
        f"create index mirror_objects_amounts on {SCHEMA}.mirror_objects (organisation_id, livemode, "
        "(body->>'amount'), created desc, id desc) where object = 'payment_intent' and not deleted"
    )
    op.execute(
        f"create index mirror_objects_coupons on {SCHEMA}.mirror_objects (organisation_id, livemode, object, "
        f"({_COUPON})) where object in ('promotion_code', 'discount', 'customer') and {_COUPON} is not null"
    )
    op.execute(
        f"create index workflow_runs_objects on {SCHEMA}.workflow_runs (organisation_id, (trigger->>'object_id'), "
        "created desc) where trigger->>'object_id' is not null"
    )
    # As with the other look-ups inside bodies: the policy by hand, so that the index may be used.
    mine = f"organisation_id = {CURRENT}"
    definer_function(
        op,
        "mirror_payments_of_amount(of_livemode boolean, amounts text[], odd text[], pairs text[], "
        "before_created timestamptz, before_id text, most integer)",
        "table (id text)",
        f"""select id from mirror_objects where {mine} and livemode = of_livemode and object = 'payment_intent'
            and not deleted and body->>'amount' = any(amounts)
            and case when body->>'currency' = any(odd) then (body->>'currency') || ':' || (body->>'amount') = any(pairs)
                else '*:' || (body->>'amount') = any(pairs) end
            and (before_created is null or (created, id) < (before_created, before_id))
            order by created desc, id desc limit most""",  # noqa: S608 - constants
    )
    definer_function(
        op,
        "mirror_of_coupon(of_livemode boolean, of_object text, of_coupon text, most integer)",
        "table (id text)",
        f"""select id from mirror_objects where {mine} and livemode = of_livemode and object = of_object
            and object in ('promotion_code', 'discount', 'customer') and not deleted and {_COUPON} = of_coupon
            order by created desc, id desc limit most""",  # noqa: S608 - constants
    )
    definer_function(
        op,
        "runs_about(objects text[], most integer)",
        "table (id text)",
        f"""select id from workflow_runs where {mine} and trigger->>'object_id' = any(objects)
            order by created desc, id desc limit most""",  # noqa: S608 - constants
    )
