"""The worker: the process that does what nobody waits for."""

from tillwright.doors.worker.chores import Chore
from tillwright.doors.worker.process import Worker, work
from tillwright.doors.worker.relay import Relay

__all__ = ["Chore", "Relay", "Worker", "work"]
