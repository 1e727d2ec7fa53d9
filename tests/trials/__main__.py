"""Run every long trial, or the one that is named (`stripe-cli` is the file stripe_cli.py)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

files = {p.stem.replace("_", "-"): p for p in sorted(Path(__file__).parent.glob("*.py")) if not p.name.startswith("_")}
wanted = [name.replace("_", "-") for name in sys.argv[1:]] or list(files)
unknown = set(wanted) - files.keys()
if unknown:
    sys.exit(f"There is no trial {', '.join(unknown)}; there are: {', '.join(files)}")
codes = []
for name in wanted:
    print(f"== {name}", flush=True)
    codes.append(subprocess.run([sys.executable, "-m", f"tests.trials.{files[name].stem}"], check=False).returncode)
sys.exit(max(codes, default=0))
