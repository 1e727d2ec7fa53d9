"""What the rooms keep of an integration, and how each lets go of it."""

from __future__ import annotations

from collections.abc import Sequence

from tillwright.domains.assistant.chat import Chat
from tillwright.domains.assistant.grants import Grants
from tillwright.domains.automation import Automation
from tillwright.domains.billing import Credits
from tillwright.domains.connections import Connections
from tillwright.domains.entitlements import Entitlements
from tillwright.domains.mirror import Mirror
from tillwright.domains.removal.receipt import Line
from tillwright.domains.removal.stake import Stake, stake
from tillwright.domains.removal.unfinished import LISTED, hopeful
from tillwright.domains.webhooks import Webhooks
from tillwright.gateways.database import Tally, Tx
from tillwright.gateways.stripe.errors import StripeFailure


class AssistantPart:
    """The access people gave to assistants outside, which is to data that is about to go."""

    left_behind = ""

    def __init__(self, grants: Grants, chat: Chat) -> None:
        self._grants = grants
        self._chat = chat

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        return []

    async def at_stake(self, tx: Tx, organisation_id: str) -> Sequence[Stake]:
        return [
            stake("Access given to assistants", await self._grants.at_stake(tx, organisation_id), "ENDED"),
            stake("Conversations about this account", await self._chat.at_stake(tx, organisation_id)),
        ]

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        count = await self._grants.forget(tx, organisation_id)
        talks = await self._chat.forget(tx, organisation_id)
        return [
            Line("Access given to assistants was ended.", count=count),
            Line("Conversations about this account were deleted.", count=talks),
        ]


class ConnectionsPart:
    """The users' own accounts that were reached through this integration's key. First: later there is no key."""

    left_behind = "Users' own accounts may still list our access: each can remove it in Stripe under Installed apps."

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        done, failed = await self._connections.revoke_all(organisation_id)
        lines = [Line("Access to users' own accounts was taken back at Stripe.", count=done)]
        return lines + [
            # Without a key of that side there is nothing to try it with.
            Line(
                f"{LISTED} {error.sentence}",
                done=False,
                id=account_id,
                again=hopeful(error) and isinstance(error, StripeFailure),
            )
            for account_id, error in failed.items()
        ]

    async def at_stake(self, tx: Tx, organisation_id: str) -> Sequence[Stake]:
        return [stake("Links to users’ own accounts", await self._connections.at_stake(tx, organisation_id))]

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        count = await self._connections.forget(tx, organisation_id)
        return [Line("Links to users' own accounts and what was read of them were deleted.", count=count)]


class RunsPart:
    """What automation was about to do with the account. First to be erased: nothing may act on what then goes."""

    left_behind = ""

    def __init__(self, automation: Automation) -> None:
        self._automation = automation

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        return []

    async def at_stake(self, tx: Tx, organisation_id: str) -> Sequence[Stake]:
        runs, workflows = await self._automation.at_stake(tx, organisation_id)
        return [
            stake("Runs in progress, cancelled", runs, "ENDED"),
            stake("Active workflows, paused", workflows, "ENDED"),
        ]

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        stopped, paused = await self._automation.stand_down(tx, organisation_id, "the deletion of the integration")
        return [
            Line("Runs that were not over were cancelled.", count=stopped),
            Line("Active workflows were paused; their definitions stay.", count=paused),
        ]


class WebhooksPart:
    """The endpoint at Stripe, its secret, and the events received."""

    left_behind = "Our webhook endpoint may still be at Stripe: delete it in the dashboard under Developers → Webhooks."

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        count = await self._webhooks.unregister(organisation_id)
        return [Line("Our webhook endpoint was removed at Stripe.", count=count)]

    async def at_stake(self, tx: Tx, organisation_id: str) -> Sequence[Stake]:
        return [stake("Events received from Stripe", await self._webhooks.at_stake(tx, organisation_id))]

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        count = await self._webhooks.forget(tx, organisation_id)
        return [Line("Received events and the endpoint's secret were deleted.", count=count)]


class MirrorPart:
    """The copy of the account's objects. After the webhooks: no event may put one back."""

    left_behind = ""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        return []

    async def at_stake(self, tx: Tx, organisation_id: str) -> Sequence[Stake]:
        return [stake("Mirrored objects", Tally(await self._mirror.at_stake(tx, organisation_id)))]

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        count = await self._mirror.forget(tx, organisation_id)
        return [Line("Mirrored objects were deleted.", count=count)]


class CreditsPart:
    """The credit wallets. What is on the buyers' balances at Stripe is theirs, and stays."""

    left_behind = ""

    def __init__(self, credits: Credits) -> None:
        self._credits = credits

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        return []

    async def at_stake(self, tx: Tx, organisation_id: str) -> Sequence[Stake]:
        return [
            stake("Credit wallets; their credit stays the buyers’", await self._credits.at_stake(tx, organisation_id))
        ]

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        count = await self._credits.forget(tx, organisation_id)
        return [Line("Credit wallets were deleted; the credit on the buyers' balances stays theirs.", count=count)]


class EntitlementsPart:
    """What follows from the account's objects, and what was made by hand for its customers. After the mirror."""

    left_behind = ""

    def __init__(self, entitlements: Entitlements) -> None:
        self._entitlements = entitlements

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        return []

    async def at_stake(self, tx: Tx, organisation_id: str) -> Sequence[Stake]:
        entitlements, notices, terms = await self._entitlements.at_stake(tx, organisation_id)
        return [
            stake("Entitlements, those made by hand too", entitlements),
            stake("Records of notices before an end", notices),
            stake("Settings of what a purchase grants", terms),
        ]

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        count, terms = await self._entitlements.forget(tx, organisation_id)
        return [
            Line("Entitlements were deleted, with the record of their notices.", count=count),
            Line("Settings of what a purchase grants were deleted.", count=terms),
        ]
