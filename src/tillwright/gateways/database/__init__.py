"""PostgreSQL: the embedded server, the schema's migrations, and transactions bound to one organisation."""

from tillwright.gateways.database.engine import Database, Tx
from tillwright.gateways.database.tally import Tally, tally

__all__ = ["Database", "Tally", "Tx", "tally"]
