"""Gap recovery and killed backfills with many seeds: down for a minute to 31 days, readers cut off at any await.

python -m tests.trials.gaps [SEEDS]     # 20 if not said; a failing seed is printed and repeated with SEED=…
"""

import os
import subprocess
import sys

FILES = ("tests/domains/webhooks/test_polling.py", "tests/domains/mirror/test_backfill_ranges.py")


def main() -> int:
    seeds = range(1, int(sys.argv[1]) + 1 if len(sys.argv) > 1 else 21)
    failed: list[int] = []
    for seed in seeds:
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", *FILES]
        done = subprocess.run(
            command, env=os.environ | {"SEED": str(seed)}, capture_output=True, text=True, check=False
        )
        print(f"seed {seed}: {done.stdout.strip().splitlines()[-1]}", flush=True)
        if done.returncode:
            failed.append(seed)
            print(done.stdout[-3000:])
    print(f"{len(seeds)} seeds, {len(failed)} failed{': ' + str(failed) if failed else ''}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
