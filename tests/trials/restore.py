"""Restore as time travel, 300 seeds: a backup started six hours later; 0 effects doubled, 0 missed.

`python -m tests.trials.restore [SEEDS]`; one seed alone: `RESTORE_SEEDS=7 pytest tests/journeys/test_restore.py`.
"""

from __future__ import annotations

import os
import sys

import pytest

if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    os.environ["RESTORE_SEEDS"] = " ".join(map(str, range(1, count + 1)))
    failed = pytest.main(["-q", "-p", "no:cacheprovider", "tests/journeys/test_restore.py"])
    print(f"{count} restores: {'some failed' if failed else '0 effects doubled, 0 missed'}")
    sys.exit(failed)
