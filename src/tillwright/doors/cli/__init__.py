"""The command line."""

from tillwright.doors.cli.app import Programs, build

__all__ = ["Programs", "build"]
