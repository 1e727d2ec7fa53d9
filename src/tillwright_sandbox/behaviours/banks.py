"""Which test bank account behaves how? Accounts debited days later, known by their number or IBAN."""

from __future__ import annotations

from dataclasses import dataclass

from tillwright_sandbox.behaviours.cards import fingerprint


@dataclass(frozen=True)
class Bank:
    """A test bank account; `fails` names the decline its debit ends with after `seconds`, empty when it succeeds."""

    name: str  # of the ready-made payment method: pm_<name>
    type: str
    number: str
    fails: str = ""
    seconds: int = 0
    country: str = "US"

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.number)

    @property
    def last4(self) -> str:
        return self.number[-4:]


US_ROUTING = "110000000"

BANKS = [
    Bank("usBankAccount_success", "us_bank_account", "000123456789"),
    Bank("usBankAccount", "us_bank_account", "000123456789"),
    Bank("usBankAccount_accountClosed", "us_bank_account", "000111111113", "no_account"),
    Bank("usBankAccount_noAccount", "us_bank_account", "000111111116", "no_account"),
    Bank("usBankAccount_insufficientFunds", "us_bank_account", "000222222227", "debit_failed"),
    Bank("usBankAccount_debitNotAuthorized", "us_bank_account", "000333333335", "debit_failed"),
    Bank("usBankAccount_processing", "us_bank_account", "000000000009", seconds=10**9),
    Bank("success_at", "sepa_debit", "AT611904300234573201", country="AT"),
    Bank("successDelayed_at", "sepa_debit", "AT321904300235473204", seconds=180, country="AT"),
    Bank("failed_at", "sepa_debit", "AT861904300235473202", "debit_failed", country="AT"),
    Bank("failedDelayed_at", "sepa_debit", "AT051904300235473205", "debit_failed", 180, "AT"),
    Bank("success_de", "sepa_debit", "DE89370400440532013000", country="DE"),
    Bank("successDelayed_de", "sepa_debit", "DE08370400440532013003", seconds=180, country="DE"),
    Bank("failed_de", "sepa_debit", "DE62370400440532013001", "debit_failed", country="DE"),
    Bank("failedDelayed_de", "sepa_debit", "DE78370400440532013004", "debit_failed", 180, "DE"),
    Bank("success_fr", "sepa_debit", "FR1420041010050500013M02606", country="FR"),
    Bank("failed_fr", "sepa_debit", "FR8420041010050500013M02607", "debit_failed", country="FR"),
    Bank("success_it", "sepa_debit", "IT40S0542811101000000123456", country="IT"),
    Bank("failed_it", "sepa_debit", "IT60X0542811101000000123456", "debit_failed", country="IT"),
    Bank("bacsDebit_success", "bacs_debit", "00012345", country="GB"),
    Bank("bacsDebit_noAccount", "bacs_debit", "22222227", "no_account", country="GB"),
    Bank("auBecsDebit_success", "au_becs_debit", "000123456", country="AU"),
    Bank("acssDebit_success", "acss_debit", "000123456780", country="CA"),
]

BY_NAME = {bank.name: bank for bank in BANKS}
BY_NUMBER = {bank.number: bank for bank in reversed(BANKS)}
BY_FINGERPRINT = {bank.fingerprint: bank for bank in BY_NUMBER.values()}

# Types whose money comes after days: confirm leaves the intent processing.
DELAYED = frozenset(["us_bank_account", "sepa_debit", "bacs_debit", "au_becs_debit", "acss_debit", "nz_bank_account"])


def by_number(type: str, number: str) -> Bank:
    """The account of a number; one not in the table succeeds at once."""
    return BY_NUMBER.get(number) or Bank("", type, number)


def by_fingerprint(print_: str | None) -> Bank | None:
    """The account a stored payment method was made from, if its number has a row."""
    return BY_FINGERPRINT.get(print_ or "")
