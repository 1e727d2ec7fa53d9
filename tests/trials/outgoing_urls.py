"""50,000 random URLs that lead inside in every writing and behind every name: 0 packets to blocked ranges."""

from __future__ import annotations

import os
import random
import sys
import time

import pytest

if __name__ == "__main__":
    count = os.environ.setdefault("TRIAL_URLS", "50000")
    seed = os.environ.setdefault("TRIAL_SEED", str(random.randrange(1_000_000)))
    began = time.monotonic()
    failed = pytest.main(
        [
            "-q",
            "-s",
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            "-o",
            "timeout=0",
            "tests/gateways/outgoing/test_random_urls.py",
            "-k",
            "inside",
        ]
    )
    print(f"seed {seed}: {count} URLs, {time.monotonic() - began:.0f} s: {'failed' if failed else '0 packets inside'}")
    sys.exit(failed)
