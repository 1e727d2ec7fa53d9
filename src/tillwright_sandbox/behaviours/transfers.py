"""Transfers to connected accounts, and their reversals."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import balance, balance_transactions, behaviour, changes, money, refs
from tillwright_sandbox.call import Call


@behaviour("PostTransfers")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    code, amount = money.currency(params["currency"]), params.get("amount")
    if params["destination"] not in call.world.accounts:
        raise refs.missing("destination", params["destination"], "destination")
    source = params.get("source_transaction")
    if source:
        charge = refs.named(call, "charge", source, "source_transaction")
        amount = charge["amount"] if amount is None else amount
    if amount is None:
        raise refs.invalid("Missing required param: amount.", "amount", "parameter_missing")
    balance_transactions.mature(call)
    if not source and balance.amounts(call, "available").get(code, 0) < amount:
        text = "You have insufficient available funds in your Stripe account. Try adding funds directly to your "
        rest = "available balance by creating Charges using the 4000000000000077 test card."
        raise refs.invalid(text + rest, None, "balance_insufficient")
    id = call.new_id("tr")
    transfer = generic.build(
        call,
        "transfer",
        id=id,
        object="transfer",
        amount=amount,
        created=call.now,
        currency=code,
        description=params.get("description"),
        destination=params["destination"],
        livemode=call.livemode,
        metadata=dict(params.get("metadata") or {}),
        reversals={"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{id}/reversals"},
        source_transaction=source,
        source_type=params.get("source_type") or "card",
        transfer_group=params.get("transfer_group"),
    )
    call.objects.insert(transfer)
    row = balance_transactions.record(call, "transfer", -amount, code, id, description=params.get("description"))
    transfer["balance_transaction"] = row["id"]
    call.emit("transfer.created", transfer)
    return transfer


@behaviour("PostTransfersTransfer")
def update(call: Call) -> dict[str, Any]:
    transfer = call.objects.get("transfer", call.path["transfer"])
    with changes.updating(call, transfer, "transfer.updated"):
        generic.apply(transfer, call.params)
    return transfer


@behaviour("PostTransfersIdReversals")
def reverse(call: Call) -> dict[str, Any]:
    transfer = call.objects.get("transfer", call.path["id"])
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = call.params.get("amount", left)
    if left == 0:
        raise refs.invalid(f"Transfer {transfer['id']} has already been fully reversed.", "id")
    if not 1 <= amount <= left:
        raise refs.invalid(f"Amount {amount} can't be reversed: {left} of the transfer is left.", "amount")
    reversal = generic.build(
        call,
        "transfer_reversal",
        id=call.new_id("trr"),
        object="transfer_reversal",
        amount=amount,
        created=call.now,
        currency=transfer["currency"],
        metadata=dict(call.params.get("metadata") or {}),
        transfer=transfer["id"],
    )
    call.objects.insert(reversal)
    row = balance_transactions.record(call, "transfer_refund", amount, transfer["currency"], reversal["id"])
    reversal["balance_transaction"] = row["id"]
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    call.objects.touch(transfer)
    call.emit("transfer.reversed", transfer)
    return reversal
