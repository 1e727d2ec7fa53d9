"""Run every benchmark, or the one that is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

files = sorted(p for p in Path(__file__).parent.glob("*.py") if not p.name.startswith("_"))
wanted = sys.argv[1:]
unknown = set(wanted) - {p.stem for p in files}
if unknown:
    sys.exit(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(p.stem for p in files)}")
codes = [
    subprocess.run([sys.executable, str(p)], check=False).returncode for p in files if not wanted or p.stem in wanted
]
sys.exit(max(codes, default=0))
