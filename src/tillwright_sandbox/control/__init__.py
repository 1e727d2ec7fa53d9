"""The sandbox's own controls under /_sandbox/: for tests and demos on this machine, never for the outside."""

from .asked import Control, Refusal
from .routes import routes

__all__ = ["Control", "Refusal", "routes"]
