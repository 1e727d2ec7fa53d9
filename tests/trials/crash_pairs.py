"""A run's process dies at a point, its successor at another: every ordered pair, of every kind of step."""

from __future__ import annotations

import os
import sys
import time

import pytest

if __name__ == "__main__":
    os.environ.setdefault("TRIAL_PAIRS", "1000000")
    began = time.monotonic()
    failed = pytest.main(
        [
            "-q",
            "-s",
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            "tests/domains/automation/test_crash_points.py",
            "-k",
            "pairs",
        ]
    )
    print(f"{time.monotonic() - began:.0f} s: {'failed' if failed else 'each effect once'}")
    sys.exit(failed)
