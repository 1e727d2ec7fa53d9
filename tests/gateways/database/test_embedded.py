"""The embedded server ends with the last process that uses it, though another was killed and gave nothing back."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tillwright.gateways.database.embedded import EmbeddedServer

HOLDER = """
import sys
from pathlib import Path
from tillwright.gateways.database.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
print(server.url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tillwright-test-"))  # as root the server runs as another user
    yield folder / "pg"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.processes
def test_a_killed_process_does_not_keep_the_server_running(folder: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(folder)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    url = holder.stdout.readline().strip()
    server = EmbeddedServer(folder)
    assert server.url == url, "both use the same one"
    holder.kill()
    holder.communicate()
    with psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    assert not (folder / "postmaster.pid").exists()
