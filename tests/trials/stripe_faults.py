"""Stripe failing three times in ten while runs write: 0 doubled, all ended, at most 8 sends an operation."""

from __future__ import annotations

import os
import sys
import time

import pytest

if __name__ == "__main__":
    count = os.environ.setdefault("TRIAL_RUNS", "25000")
    began = time.monotonic()
    failed = pytest.main(
        ["-q", "-s", "-n", "0", "-p", "no:cacheprovider", "-o", "timeout=0", "tests/domains/automation/test_faults.py"]
    )
    print(f"{count} runs of two operations, {time.monotonic() - began:.0f} s: {'failed' if failed else 'none twice'}")
    sys.exit(failed)
