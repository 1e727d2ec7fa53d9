"""`@supabase/stripe-sync-engine` from npm, in a cache outside the project; only Stripe's address is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PEER = "@supabase/stripe-sync-engine@0.48.5"


def command() -> tuple[list[str], Path] | str:
    """What starts the peer, and in which folder; or why it cannot be run."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return "no npm on this machine"
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "tillwright" / "bench-supabase"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    if not (folder / "node_modules/@supabase/stripe-sync-engine").exists():
        install = [npm, "install", "--no-audit", "--no-fund", PEER, "stripe@23.1.0"]
        done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"npm could not install it: {' '.join(done.stderr.split())[-200:]}"
    shutil.copy(Path(__file__).parent / "supabase.mjs", folder / "supabase.mjs")
    return [node, "supabase.mjs"], folder
