"""The command line."""

from tillwright.doors.cli.app import Programs, build
from tillwright.doors.cli.assistant import McpChoice, mcp_caller

__all__ = ["McpChoice", "Programs", "build", "mcp_caller"]
