"""The Model Context Protocol: the assistant's tools for Claude, ChatGPT, Cursor, VS Code and whoever else speaks it."""

from tillwright.doors.mcp.app import McpDoor
from tillwright.doors.mcp.server import serve_stdio

__all__ = ["McpDoor", "serve_stdio"]
