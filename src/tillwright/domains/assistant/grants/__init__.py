"""Access for assistants outside: given by a person, to one program, for one account and mode; revocable at any time."""

from tillwright.domains.assistant.grants.model import Asked, Grant, Program, Tokens
from tillwright.domains.assistant.grants.service import Grants

__all__ = ["Asked", "Grant", "Grants", "Program", "Tokens"]
