"""PostgreSQL: the embedded server, the schema's migrations, and transactions bound to one organisation."""

from tillwright.gateways.database.engine import Database, Tx

__all__ = ["Database", "Tx"]
