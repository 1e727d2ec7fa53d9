"""`airbyte-source-stripe` as published, reading charges; run by the Python of its own environment: URL SINCE FOLDER.

Its manifest names Stripe's address, so that is what is changed: in the copy of its own environment.
"""

import json
import re
import sys
from pathlib import Path

import source_stripe
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from source_stripe.run import _get_source

url, since, folder = sys.argv[1:]
manifest = Path(source_stripe.__file__ or "").with_name("manifest.yaml")
manifest.write_text(re.sub(r"url_base: \S+", f"url_base: {url}/v1", manifest.read_text()))
config, catalog = Path(folder, "airbyte.json"), Path(folder, "airbyte-catalog.json")
config.write_text(
    json.dumps({"client_secret": "sk_live_bulk", "account_id": "acct_bulk", "start_date": since, "num_workers": 10})
)
stream = {"name": "charges", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
catalog.write_text(
    json.dumps({"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}]})
)
arguments = ["read", "--config", str(config), "--catalog", str(catalog)]
source = _get_source(arguments)
for message in AirbyteEntrypoint(source).run(AirbyteEntrypoint.parse_args(arguments)):
    print(message)
