"""Processor seconds: of this process, and of a PostgreSQL server with all its backends."""

from __future__ import annotations

import os
import resource
from pathlib import Path


def own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def of(pid: int) -> float:
    """Of another process, as Linux counts them; 0.0 elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def postgres(folder: Path) -> float:
    """Of the server whose data is somewhere under the folder, as Linux counts them; 0.0 elsewhere."""
    pids = {int(found.read_text().split()[0]) for found in folder.rglob("postmaster.pid")}
    ticks = 0
    for found in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = found.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile; its parent has its seconds
        itself = int(found.parent.name) in pids
        if itself or int(fields[1]) in pids:
            ticks += sum(map(int, fields[11 : 15 if itself else 13]))
    return ticks / os.sysconf("SC_CLK_TCK")
