"""One mail: queued once under the step's name, then delivered."""

from __future__ import annotations

from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import outcome
from tillwright.domains.automation.requests import Mail
from tillwright.domains.notifications import MessageState

REQUEST = Mail
READS = False
_STATES = {
    MessageState.SENT: StepState.DONE,
    MessageState.FAILED: StepState.REFUSED,
    MessageState.PENDING: StepState.WAITING,
}


async def carry(parts: Parts, errand: Errand, request: Mail) -> Carried:
    async with parts.database.tenant(errand.organisation_id) as tx:
        message = await parts.notifications.queue(
            tx,
            errand.organisation_id,
            key=errand.key("run"),
            to=request.to,
            subject=request.subject,
            text=request.text,
            html=request.html,
        )
    message = await parts.notifications.deliver(errand.organisation_id, message.id)
    answer = {"id": message.id, "message_id": message.message_id, "to": message.recipient}
    error = {"code": "mail_not_sent", "sentence": message.error} if message.error else None
    return Carried(outcome(_STATES[message.state], answer, error), message_id=message.id)
