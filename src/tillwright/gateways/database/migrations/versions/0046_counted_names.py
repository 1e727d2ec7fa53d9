"""How many customers have a name: counted by the index of names, where each customer was read before."""

from alembic import op

from tillwright.gateways.database.tables import CURRENT, definer_function

revision = "0046"
down_revision = "0045"

_NAME = "coalesce(body->>'name', body->>'email', id)"
"""As in billing/views.py and 0040."""


def upgrade() -> None:
    definer_function(
        op,
        "mirror_customers_counted(of_livemode boolean, pattern text)",
        "bigint",
        f"select count(*) from mirror_objects where organisation_id = {CURRENT} and object = 'customer' "  # noqa: S608 - constants
        f"and not deleted and livemode = of_livemode and {_NAME} ilike pattern",
    )
