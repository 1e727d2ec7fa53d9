"""Top-ups: money added to the account's balance from its bank."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import balance_transactions, behaviour, changes, later, money, refs
from tillwright_sandbox.call import Call

DELAY = 5 * 86_400


@behaviour("PostTopups")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    code, amount = money.currency(params["currency"]), params["amount"]
    if amount < 1:
        raise refs.invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    topup = generic.build(
        call,
        "topup",
        id=call.new_id("tu"),
        object="topup",
        amount=amount,
        created=call.now,
        currency=code,
        description=params.get("description"),
        expected_availability_date=call.now + DELAY,
        initiated_by="user",
        livemode=call.livemode,
        metadata=dict(params.get("metadata") or {}),
        statement_descriptor=params.get("statement_descriptor"),
        status="pending",
        transfer_group=params.get("transfer_group"),
    )
    call.objects.insert(topup)
    call.emit("topup.created", topup)
    later.plan(call, DELAY, "topup_arrives", topup["id"])
    return topup


@later.action("topup_arrives")
def arrive(call: Call, id: str) -> None:
    topup = call.objects.get("topup", id)
    if topup["status"] != "pending":
        return
    row = balance_transactions.record(call, "topup", topup["amount"], topup["currency"], id, description="TOP-UP")
    topup |= {"status": "succeeded", "balance_transaction": row["id"]}
    call.objects.touch(topup)
    call.emit("topup.succeeded", topup)


@behaviour("PostTopupsTopup")
def update(call: Call) -> dict[str, Any]:
    topup = call.objects.get("topup", call.path["topup"])
    with changes.updating(call, topup, "topup.updated"):
        generic.apply(topup, call.params)
    return topup


@behaviour("PostTopupsTopupCancel")
def cancel(call: Call) -> dict[str, Any]:
    topup = call.objects.get("topup", call.path["topup"])
    if topup["status"] != "pending":
        raise refs.invalid(f"Only pending top-ups can be canceled; this one is {topup['status']}.", "topup")
    topup["status"] = "canceled"
    call.objects.touch(topup)
    call.emit("topup.canceled", topup)
    return topup
