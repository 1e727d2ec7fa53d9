"""The console: the pages that people use, drawn on the server."""

from tillwright.doors.console.app import app, routes

__all__ = ["app", "routes"]
