"""Refunds, disputes and invoices' payments are followed too: money that went back ends what it paid for."""

from alembic import op

from tillwright.gateways.database.tables import SCHEMA, definer_function

revision = "0028"
down_revision = "0027"

# As in mirror/change_store.py, where the reason is.
FOLLOWED = (
    "object in ('subscription', 'subscription_schedule', 'invoice', 'payment_intent', "
    "'entitlements.active_entitlement_summary', 'customer', 'product', 'refund', 'dispute', 'invoice_payment')"
)


def upgrade() -> None:
    op.execute(f"drop index {SCHEMA}.mirror_objects_changed")
    op.execute(
        f"create index mirror_objects_changed on {SCHEMA}.mirror_objects (organisation_id, changed, object, id, "
        f"livemode) where {FOLLOWED}"
    )
    definer_function(
        op,
        "organisations_with_changed_objects(of_follower text)",
        "table (organisation_id text)",
        f"""select o.id from organisations o
            left join mirror_followers f on f.organisation_id = o.id and f.follower = of_follower
            where exists (select 1 from mirror_objects m where m.organisation_id = o.id and m.{FOLLOWED}
              and m.changed < pg_snapshot_xmin(pg_current_snapshot())
              and (m.changed, m.object, m.id, m.livemode) > (coalesce(f.changed, '0'), coalesce(f.object, ''),
                   coalesce(f.id, ''), coalesce(f.livemode, false)))""",  # noqa: S608 - constants
    )
