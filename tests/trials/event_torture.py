"""Events doubled, shuffled, days late and lost, with more of them than any test has: the mirror ends equal to Stripe.

python -m tests.trials.event_torture [EVENTS [CUSTOMERS]]     # 1,000,000 and 1,200 if not said; SEED=… repeats one

First a scripted Stripe and a clock that is moved (EVENTS), then the sandbox over HTTP beside a backfill (CUSTOMERS).
"""

import os
import subprocess
import sys

TESTS = {
    "EVENTS": "tests/domains/webhooks/test_storm.py",
    "CUSTOMERS": "tests/domains/webhooks/test_torture.py::test_the_mirror_ends_equal_to_stripe",
}


def main() -> int:
    sizes = dict(zip(TESTS, [*sys.argv[1:], *["1000000", "1200"][len(sys.argv) - 1 :]], strict=True))
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "-p", "no:cacheprovider", "-o", "timeout=0"]
    return max(
        subprocess.run([*command, test], env=os.environ | {name: sizes[name]}, check=False).returncode
        for name, test in TESTS.items()
    )


if __name__ == "__main__":
    sys.exit(main())
