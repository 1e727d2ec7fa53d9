"""Tables of words: the colour of each state, and what the console says after something was done."""

from __future__ import annotations

# Each state any page shows, with the tone it is drawn in; a state without a row is drawn quietly.
TONES = {
    "good": "VERIFIED ok granted succeeded paid active complete completed done sent delivered enabled applied success "
    "approved write_proven read_proven",
    "bad": "NOT_VERIFIED missing failed canceled cancelled uncollectible refused error disputed past_due unpaid "
    "incomplete_expired void lost requires_payment_method",
    "warn": "excess unknown unproven disabled paused requires_action requires_confirmation expired partially_refunded "
    "incomplete stopped needs_response pending_cancel suspended",
    "busy": "CREATED pending running processing enqueued queued waiting open trialing started delayed requires_capture "
    "pending_start",
}
_BY_STATE = {state.lower(): tone for tone, states in TONES.items() for state in states.split()}


def tone(state: str | None) -> str:
    """`good`, `bad`, `warn`, `busy`, or `quiet` for a state that has no row."""
    return _BY_STATE.get((state or "").lower(), "quiet")


# What `?done=` may ask to be said. A table, so that nobody can put words of their own on our pages.
DONE = {
    "notices-saved": "The settings are saved.",
    "scope-saved": "The notice is saved as it stands.",
    "channel-saved": "The channel is saved. Try it with its Test button.",
    "channel-removed": "The channel is removed; its address and secret are erased.",
    "connected": "Stripe is connected. Verify the connection next.",
    "disconnected": "Stripe is disconnected: the keys are erased and the webhook endpoint is gone.",
    "edited": "Saved.",
    "stripe-paused": "Stripe is paused: Tillwright makes no call with its key. Events are still kept, workflows wait.",
    "stripe-resumed": "Stripe is resumed: what waited goes on.",
    "rotated": "The new key is in use. The one before it stays good for 24 hours.",
    "mail-connected": "The mail server is saved. Send a test message next: only then do mails leave by it.",
    "mail-edited": "Saved. Send a test message: until then mails leave by the installation's own server.",
    "switched": "Stripe is switched. What you see from here on is the other side.",
    "copied": "This is the test copy. Its workflows are paused; connect it to Stripe's test mode next.",
    "secret-changed": "The signing secret is changed. Events signed with the one before are accepted for 24 hours.",
    "overlap-ended": "The earlier key is erased here. You can delete it at Stripe now.",
    "activated": "The workflow is active: it starts with the next event that matches.",
    "workflow-saved": "The workflow is saved as its newest version.",
    "all-stopped": "Everything is stopped: no run takes a further step until you release it.",
    "all-released": "Runs go on where they stood.",
    "event-replayed": "The event was handed to your workflows; the runs it started are below.",
    "event-known": "No workflow had to start: none listens to this event, or each that does has run for it.",
    "approved": "You said yes. The run goes on.",
    "refused": "You said no. The run ends.",
    "run-started": "The run is started.",
    "run-cancelled": "The run is cancelled. What it had sent stays.",
    "step-declared": "Noted. The run goes on by it.",
    "run-again": "The run goes on.",
    "events-replayed": "Each kept event has its run now.",
    "events-discarded": "The kept events are gone: they start nothing.",
    "paused": "The workflow is paused. Runs in progress wait before their next step until it is active again.",
    "secret-kept": "The secret is kept. Name it in a step to use it.",
    "secret-deleted": "The secret is deleted.",
    "key-revoked": "The API key is revoked and no longer works.",
    "account-disconnected": "The connection is deleted: access is taken back at Stripe, and what was read is erased.",
    "account-disconnected-here": "The connection is deleted here. Stripe could not be told yet; that is tried again.",
    "client-id-saved": "The Connect client id is saved. People can connect their own accounts now.",
    "password-changed": "Your password is changed, and your other sessions are ended.",
    "password-reset": "Your password is changed. Sign in with it.",
    "invited": "The invitation is on its way.",
    "withdrawn": "The invitation is withdrawn; its link no longer works.",
    "role-changed": "The role is changed. It counts from their next click on.",
    "user-removed": "They are out of the organisation, and signed out of it.",
    "session-ended": "The session is ended.",
    "sessions-ended": "All your other sessions are ended.",
    "organisation-changed": "The organisation is saved.",
    "conversation-deleted": "The conversation is deleted.",
    "model-chosen": "The model is chosen; its key is sealed.",
    "model-dropped": "The model and its key are removed.",
    "choice-saved": "Saved: it holds for every question from now on.",
    "access-revoked": "The access is revoked: the assistant is refused from this moment on.",
    "reading-again": "Every list is being read again; what is here stays meanwhile.",
    "entitlement-changed": "It is changed.",
    "entitlement-made": "The entitlement is made. It begins, is warned of and ends by our clock.",
    "purchase-term-set": "It is set. The purchases there are follow in a moment.",
    "purchase-term-removed": "It is taken away. The purchases there are follow in a moment.",
    "contact-made": "The contact is made. Name it as a recipient under Settings, Notifications.",
    "contacts-made": "The contacts are made.",
    "contact-saved": "The contact is saved.",
    "contact-deleted": "The contact is deleted.",
    "contact-linked": "It is linked to the customer.",
    "contact-unlinked": "The link is taken away.",
    "cancellation-scheduled": "The cancellation is scheduled.",
    "cancellation-taken-back": "The cancellation is taken back: it goes on as before.",
    "entitlement-cancelled": "It is cancelled.",
    "clock-moved": "The demo’s clock is moved, here and at the sandbox. What became due goes out within seconds.",
    "signed-out": "You are signed out.",
}
