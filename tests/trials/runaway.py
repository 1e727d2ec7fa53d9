"""Workflows that run away, 5,000 runs: no limit passed by a minor unit, loops ended, the stop switch holds."""

from __future__ import annotations

import os
import random
import sys
import time

import pytest

if __name__ == "__main__":
    count = os.environ.setdefault("TRIAL_RUNS", "5000")
    seed = os.environ.setdefault("TRIAL_SEED", str(random.randrange(1_000_000)))
    began = time.monotonic()
    failed = pytest.main(
        ["-q", "-s", "-n", "0", "-p", "no:cacheprovider", "-o", "timeout=0", "tests/domains/automation/test_runaway.py"]
    )
    print(f"seed {seed}: {count} runs, {time.monotonic() - began:.0f} s: {'failed' if failed else 'every limit held'}")
    sys.exit(failed)
