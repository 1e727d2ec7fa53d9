"""Objects that change, and say so, while they are read: an answer that was old when it came is never the last word.

python -m tests.trials.stale_reads [CHANGES]     # 20,000 if not said; SEED=… repeats one
"""

import os
import subprocess
import sys


def main() -> int:
    changes = sys.argv[1] if len(sys.argv) > 1 else "20000"
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "-p", "no:cacheprovider", "-o", "timeout=0"]
    command.append("tests/domains/mirror/test_stale_reads.py")
    return subprocess.run(command, env=os.environ | {"CHANGES": changes}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
