"""Deliveries doubled, shuffled and late beside a backfill, with thousands of events: the mirror ends equal to Stripe.

python -m tests.trials.event_torture [CUSTOMERS]     # 1200 if not said, about 5,000 events; SEED=… repeats one
"""

import os
import subprocess
import sys


def main() -> int:
    customers = sys.argv[1] if len(sys.argv) > 1 else "1200"
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "-p", "no:cacheprovider", "-o", "timeout=0"]
    test = "tests/domains/webhooks/test_torture.py::test_the_mirror_ends_equal_to_stripe"
    return subprocess.run([*command, test], env=os.environ | {"CUSTOMERS": customers}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
