"""`tap-stripe` as published, reading charges; run by the Python of its own environment: URL SINCE FOLDER.

It knows one address, and times each request by it; so the address stays, and the connection goes elsewhere.
"""

import json
import sys
from pathlib import Path

import stripe  # its own, of an older version
import urllib3.util.connection as connection
from tap_stripe import main

url, since, folder = sys.argv[1:]
host, port = url.removeprefix("http://").split(":")
_connect = connection.create_connection
connection.create_connection = lambda address, *rest, **named: _connect((host, int(port)), *rest, **named)
stripe.api_base = "http://api.stripe.com"
config, catalog = Path(folder, "tap.json"), Path(folder, "tap-catalog.json")
config.write_text(json.dumps({"client_secret": "sk_live_bulk", "account_id": "acct_bulk", "start_date": since}))
selected = {"breadcrumb": [], "metadata": {"selected": True, "table-key-properties": ["id"],
            "forced-replication-method": "INCREMENTAL", "valid-replication-keys": ["created"]}}  # fmt: skip
schema = json.loads(
    Path(sys.modules["tap_stripe"].__file__ or "", "..", "schemas", "charges.json").resolve().read_text()
)
stream = {
    "stream": "charges",
    "tap_stream_id": "charges",
    "key_properties": ["id"],
    "schema": schema,
    "metadata": [selected],
}
catalog.write_text(json.dumps({"streams": [stream]}))
sys.argv[1:] = ["--config", str(config), "--catalog", str(catalog)]
main()
