"""Redacting an identity verification: what was collected goes, the session stays as a record that it was."""

from typing import Any

from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid


@behaviour("PostIdentityVerificationSessionsSessionRedact")
def redact(call: Call) -> dict[str, Any]:
    session = call.objects.get("identity.verification_session", call.path["session"])
    if session["status"] == "processing":
        raise invalid("You cannot redact a VerificationSession while it is processing.")
    if session["status"] == "requires_input":
        session["status"] = "canceled"
        call.emit("identity.verification_session.canceled", session)
    session["redaction"] = {"status": "redacted"}
    session["client_secret"] = session["url"] = None
    call.objects.touch(session)
    call.emit("identity.verification_session.redacted", session)
    return session
