"""Starting, watching and stopping the demo's programs."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
from rich.console import Console

from tillwright.kit.errors import Upstream

_START_LIMIT = 60.0
_STOP_LIMIT = 10.0
_console = Console(highlight=False)


@dataclass(frozen=True)
class Program:
    """What to run, and how to tell that it is ready: an address that answers 200, or a line in its log."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    health: str | None
    ready_line: str | None = None
    restart: bool = False


@dataclass
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    log: Path
    file: IO[bytes]
    log_start: int

    def is_ready(self) -> bool:
        if self.program.health:
            try:
                return httpx.get(self.program.health, timeout=2).status_code == 200
            except httpx.HTTPError:
                return False
        with self.log.open("rb") as file:
            file.seek(self.log_start)
            return any(line.strip() == (self.program.ready_line or "").encode() for line in file)


class Supervisor:
    """Runs programs as children, each in its own process group so that Ctrl-C reaches only us."""

    def __init__(self, logs: Path, stopping: Sequence[int]) -> None:
        self._logs = logs
        self._stopping = stopping
        self._running: dict[str, _Running] = {}

    def __enter__(self) -> Supervisor:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop in the reverse order of starting; who does not stop in ten seconds is killed."""
        for running in reversed(self._running.values()):
            running.process.terminate()
            try:
                running.process.wait(_STOP_LIMIT)
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()
            running.file.close()

    def start(self, program: Program) -> None:
        log = self._logs / f"{program.name.replace(' ', '-').lower()}.log"
        file = log.open("ab")
        process = subprocess.Popen(
            list(program.command),
            env=program.environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._running[program.name] = _Running(program, process, log, file, os.fstat(file.fileno()).st_size)

    def pid(self, name: str) -> int:
        return self._running[name].process.pid

    def wait_ready(self, name: str) -> None:
        """Wait until the program answers.

        Raises:
            Upstream: it ended, or did not answer within a minute; the message has the end of its log.
        """
        running, limit = self._running[name], time.monotonic() + _START_LIMIT
        while not running.is_ready():
            if running.process.poll() is not None or time.monotonic() > limit or self._stopping:
                tail = running.log.read_text(errors="replace")[running.log_start :].splitlines()[-15:]
                raise Upstream(
                    "demo_program_failed",
                    f"The {name} did not start." + "".join(f"\n    {line}" for line in tail),
                    remedy=f"The whole log is in {running.log}.",
                )
            time.sleep(0.05)
        _console.print(f"  [green]✓[/green] {name}")

    def watch(self) -> None:
        """Until a stop is asked for: start again what ended, saying so."""
        while not self._stopping:
            time.sleep(0.2)
            for name, running in list(self._running.items()):
                code = running.process.poll()
                if code is None or self._stopping:
                    continue
                if not running.program.restart:
                    raise Upstream("demo_program_ended", f"The {name} ended ({code}).", remedy=f"Read {running.log}.")
                _console.print(f"  [yellow]↻[/yellow] the {name} ended ({code}); starting it again")
                running.file.close()
                time.sleep(0.3)  # a program that can't start must not spin
                self.start(running.program)
                _console.print(f"    its process is now {self.pid(name)}")
