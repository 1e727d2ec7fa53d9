"""The key swapped under runs in flight, in six ways, 100 times each: 0 writes to another account or mode."""

from __future__ import annotations

import os
import random
import sys
import time

import pytest

if __name__ == "__main__":
    count = os.environ.setdefault("TRIAL_SWAPS", "100")
    runs = os.environ.setdefault("TRIAL_RUNS", "20")
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
            "tests/domains/automation/test_key_swap.py",
        ]
    )
    said = "failed" if failed else "0 writes to another account or mode"
    print(f"seed {seed}: {count} swaps of each kind under {runs} runs, {time.monotonic() - began:.0f} s: {said}")
    sys.exit(failed)
