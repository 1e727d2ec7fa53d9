"""Mail going out: the letter, and the server that takes it."""

from tillwright.gateways.mail.letter import Letter
from tillwright.gateways.mail.mailer import Mailer, MailerOf, MailRefused, MailUnavailable

__all__ = ["Letter", "MailRefused", "MailUnavailable", "Mailer", "MailerOf"]
