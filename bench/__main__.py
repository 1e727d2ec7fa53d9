"""Run every benchmark, or the one that is named. One is a file here, or a folder with a `__main__.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

folder = Path(__file__).parent
names = sorted(p.stem for p in folder.glob("*.py") if not p.name.startswith("_"))
names += sorted(p.parent.name for p in folder.glob("*/__main__.py"))
wanted = sys.argv[1:]
unknown = set(wanted) - set(names)
if unknown:
    sys.exit(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(names)}")
codes = [
    subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    for name in names
    if not wanted or name in wanted
]
sys.exit(max(codes, default=0))
