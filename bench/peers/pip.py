"""Peers from PyPI, each in an environment of its own outside the project; only where their requests go is changed.

Those that read lists write messages to a stream, here a file, and keep no mirror in a database: they do less than the
others. dj-stripe takes deliveries.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

PEERS = {
    "tap-stripe 3.3.0": ("tap-stripe==3.3.0", "tap_stripe_read.py"),
    "airbyte-source-stripe 5.14.1": ("airbyte-source-stripe==5.14.1", "airbyte_read.py"),
}
DJ_STRIPE = "dj-stripe 2.11.0"


def dj_stripe() -> list[str] | str:
    """The command that takes deliveries, but for its arguments (`dj_stripe_take.py`); or why it could not be made."""
    python = _environment("dj-stripe==2.11.0", "psycopg[binary]==3.3.9", "gunicorn==27.0.1")
    return python if isinstance(python, str) else [str(python), str(Path(__file__).parent / "dj_stripe_take.py")]


def read(peer: str, url: str, objects: int, folder: Path, since: str, patience: float) -> float | str:
    """Objects a second that it reads of a list of charges, from its first request on; or why it could not be run.

    Args:
        since: the day of the oldest object, which both want to know.
        patience: seconds; what it read by then counts.
    """
    package, script = PEERS[peer]
    python = _environment(package)
    if isinstance(python, str):
        return python
    out = folder / f"{script}.out"
    command = [str(python), str(Path(__file__).parent / script), url, since, str(folder)]
    with out.open("wb") as to, (folder / f"{script}.err").open("wb") as error:
        process = subprocess.Popen(command, stdout=to, stderr=error)
        began = last = None
        started, done = time.perf_counter(), 0
        while process.poll() is None and time.perf_counter() - started < patience:
            time.sleep(0.1)
            now = out.read_bytes().count(b'"RECORD"')
            if now > done:
                last, done = time.perf_counter(), now
                began = began or last - 0.1
        process.kill()
        process.wait()
    done = min(objects, out.read_bytes().count(b'"RECORD"'))
    if not done or began is None or last is None:
        said = (folder / f"{script}.err").read_text(errors="replace").split()
        return "it read nothing: " + " ".join(said)[-200:]
    return done / max(0.1, last - began)


def _environment(package: str, *more: str) -> Path | str:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "tillwright" / ("bench-" + package.partition("=")[0])
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", package, *more]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"pip could not install it: {' '.join(done.stderr.split())[-200:]}"
        (folder / "made").write_text(json.dumps({"package": package, "python": sys.version}))
    return python
