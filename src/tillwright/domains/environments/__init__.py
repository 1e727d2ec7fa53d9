"""The test and the live side of an organisation: switching between them, and a test copy beside it."""

from tillwright.domains.environments.model import Copy, Missing, Preview
from tillwright.domains.environments.service import Environments

__all__ = ["Copy", "Environments", "Missing", "Preview"]
