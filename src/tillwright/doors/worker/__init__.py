"""The worker: the process that does what nobody waits for."""

from tillwright.doors.worker.process import Worker, work

__all__ = ["Worker", "work"]
