"""Outages of 30 hours between a write and its retry, and a Stripe that keeps no key: 5,000 operations, 0 doubled."""

from __future__ import annotations

import os
import random
import sys
import time

import pytest

if __name__ == "__main__":
    count = os.environ.setdefault("TRIAL_OPERATIONS", "5000")
    seed = os.environ.setdefault("TRIAL_SEED", str(random.randrange(1_000_000)))
    began = time.monotonic()
    failed = pytest.main(
        [
            "-q", "-s", "-n", "0", "-p", "no:cacheprovider", "-o", "timeout=0",
            "tests/domains/billing/test_forgotten_keys.py",
        ]
    )  # fmt: skip
    print(f"seed {seed}: {count} operations, {time.monotonic() - began:.0f} s: {'failed' if failed else '0 doubled'}")
    sys.exit(failed)
