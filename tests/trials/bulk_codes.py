"""Ten thousand promotion codes in one step, the process killed again and again in its middle: all there, none twice."""

from __future__ import annotations

import os
import sys
import time

import pytest

if __name__ == "__main__":
    count = os.environ.setdefault("TRIAL_CODES", "10000")
    began = time.monotonic()
    failed = pytest.main(
        ["-q", "-s", "-p", "no:cacheprovider", "tests/domains/automation/test_bulk_codes.py", "-k", "crashes"]
    )
    print(f"{count} codes, {time.monotonic() - began:.0f} s: {'failed' if failed else 'each made once'}")
    sys.exit(failed)
