"""The list of invoice payments: which intent pays which invoice."""

from typing import Any

from tillwright_sandbox import pages
from tillwright_sandbox.behaviours import behaviour, lists
from tillwright_sandbox.call import Call


@behaviour("GetInvoicePayments")
def list_all(call: Call) -> pages.Page:
    params = call.params
    equal = {name: params[name] for name in ("invoice", "status") if params.get(name)}
    wanted = params.get("payment") or {}

    def fits(payment: dict[str, Any]) -> bool:
        return all(payment["payment"].get(name) == value for name, value in wanted.items() if value)

    return lists.page(call, "invoice_payment", fits, **equal)
