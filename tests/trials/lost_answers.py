"""Each commit of each kind of run is lost on its way, or its answer is: the run ends as if nothing had been.

python -m tests.trials.lost_answers [COMMITS]     # of each kind, all if not said; SEED=… repeats one
"""

import os
import subprocess
import sys
import time


def main() -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "-p", "no:cacheprovider"]
    losses = sys.argv[1] if len(sys.argv) > 1 else "1000"
    began = time.monotonic()
    failed = subprocess.run(
        [*command, "tests/domains/automation/test_lost_answers.py"],
        env=os.environ | {"TRIAL_LOSSES": losses}, check=False,
    ).returncode  # fmt: skip
    print(f"{time.monotonic() - began:.0f} s: {'failed' if failed else 'nothing twice'}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
