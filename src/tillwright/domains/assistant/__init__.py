"""What an AI assistant may ask of Stripe: read-only tools, complete, cited, exact by currency, and marked as data."""

from tillwright.domains.assistant.model import Answer, Argument
from tillwright.domains.assistant.service import Allowance, Assistant, Via
from tillwright.domains.assistant.tool import Tool

__all__ = ["Allowance", "Answer", "Argument", "Assistant", "Tool", "Via"]
