"""A million random programs: none gets out of the language, each within its 10 ms of processor time."""

from __future__ import annotations

import os
import random
import sys
import time

import pytest

if __name__ == "__main__":
    count = os.environ.setdefault("TRIAL_PROGRAMS", "1000000")
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
            "tests/domains/automation/test_conditions.py",
            "-k",
            "random_programs",
        ]
    )
    print(f"seed {seed}: {count} programs, {time.monotonic() - began:.0f} s: {'failed' if failed else '0 escapes'}")
    sys.exit(failed)
