"""PostgreSQL: the embedded server, the schema's migrations, and transactions bound to one organisation."""

from tillwright.gateways.database.engine import AWAY, Database, Tx
from tillwright.gateways.database.tally import Tally, tally

__all__ = ["AWAY", "Database", "Tally", "Tx", "tally"]
