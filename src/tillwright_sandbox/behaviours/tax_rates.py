"""Tax rates: a percentage that invoices put on their lines; its terms never change."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid


@behaviour("PostTaxRates")
def create(call: Call) -> dict[str, Any]:
    if not 0 <= call.params["percentage"] <= 100:
        raise invalid("Invalid percentage: must be between 0 and 100.", "percentage")
    call.params.setdefault("active", True)
    rate = generic.create(call)
    rate |= {"effective_percentage": rate["percentage"], "rate_type": "percentage"}
    call.objects.touch(rate)
    return rate
