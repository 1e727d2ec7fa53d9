"""The verbs: look before a switch, switch, and make a test copy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from tillwright.domains.automation import Automation, WorkflowState
from tillwright.domains.environments import store
from tillwright.domains.environments.model import Copy, Missing, Preview
from tillwright.domains.environments.stripe_ids import named_in
from tillwright.domains.integrations import Integration, Integrations, choices
from tillwright.domains.integrations.proving import Proven
from tillwright.domains.tenancy import Principal
from tillwright.domains.tenancy.copying import Copying
from tillwright.domains.verification import Report, Verification
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.errors import StripeAbsent, StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit import ids
from tillwright.kit.errors import Conflict
from tillwright.kit.seal import Secret

DEADLINE = 10.0
"""Seconds each look for an id may take."""


class Routing(Protocol):
    """The notifications' part of a test copy."""

    async def copy_routing(self, source: Principal, target: Principal) -> int:
        """Who is told of what, as it is in the one organisation, set in the other; returns how many scopes."""
        ...


class Environments:
    """`routing` is None where nothing is routed."""

    def __init__(
        self,
        *,
        database: Database,
        integrations: Integrations,
        verification: Verification,
        automation: Automation,
        copying: Copying,
        reader: StripeReader,
        routing: Routing | None = None,
    ) -> None:
        self._database = database
        self._integrations = integrations
        self._verification = verification
        self._automation = automation
        self._copying = copying
        self._reader = reader
        self._routing = routing

    async def preview(self, principal: Principal, *, publishable_key: str, secret_key: Secret) -> Preview:
        """What a switch to the side of these keys would do. Nothing is changed, here or at Stripe.

        Raises:
            Invalid, Denied, Upstream: the keys, as for connecting.
            Conflict: they are of the mode that is connected already.
            Absent: nothing is connected.
        """
        principal.require("integration:write")
        current = await self._integrations.of(principal.organisation_id)
        proven, report = await self._verification.examine(
            principal, publishable_key=publishable_key, secret_key=secret_key
        )
        _other_side(current, proven)
        workflows = await self._automation.list(principal)
        missing, unknown = await self._look(principal, proven)
        async with self._database.tenant(principal.organisation_id) as tx:
            running = await store.runs_under_way(tx, current.livemode)
        return Preview(
            proven=proven,
            report=report,
            leaves_account=current.account_id,
            leaves_mode=current.mode,
            workflows=len(workflows),
            active=sum(each.state is WorkflowState.ACTIVE for each in workflows),
            running=running,
            missing=missing,
            unknown=unknown,
        )

    async def switch(
        self,
        principal: Principal,
        *,
        expected_version: int,
        publishable_key: str,
        secret_key: Secret,
        confirmed: tuple[str, str] | None = None,
        connect_client_id: str = "",
    ) -> Integration:
        """Puts the other side's keys in place once they are verified, in one transaction.

        Runs under way keep the keys they began with for `integrations.exchange.OVERLAP`, and are refused after that:
        none is ever pointed at the other side.

        Args:
            confirmed: account id and mode that somebody was shown, where somebody was.
            connect_client_id: the other mode's; Stripe has one for each.

        Raises:
            Conflict: the keys lack a permission, are not of what was confirmed, or somebody else was faster.
            Invalid, Denied, Upstream, Absent: as for `preview`.
        """
        principal.require("integration:write")
        organisation_id = principal.organisation_id
        current = await self._integrations.of(organisation_id)
        proven, report = await self._verification.examine(
            principal, publishable_key=publishable_key, secret_key=secret_key
        )
        _other_side(current, proven)
        if confirmed is not None and confirmed != (proven.identity.account_id, proven.mode):
            raise Conflict(
                "other_account_confirmed",
                f"These keys are of account {proven.identity.account_id} in {proven.mode} mode, not of what you saw.",
                remedy="Look at the account that is shown now, and confirm it.",
            )
        _verified(report)
        async with self._database.tenant(organisation_id) as tx:
            locked = await self._integrations.hold(tx, organisation_id, expected_version)
            _other_side(locked, proven)
            settings = choices.change(locked.settings, {"connect_client_id": connect_client_id})
            changed = await self._integrations.exchange.replace(
                tx, locked, proven, settings=settings, status="CREATED", by=principal.name
            )
            await self._integrations.note(tx, principal, changed, "switch", "switched")
            return await self._verification.keep(tx, principal, changed, replace(report, id=ids.new("vrf")))

    async def copy(self, principal: Principal, name: str, *, administrator: str | None = None) -> Copy:
        """Makes a test organisation: settings, workflows (paused) and who is told of what; no keys, no data.

        Args:
            administrator: the mail address of a present administrator, where the caller is no person.

        Raises:
            Invalid: no usable name, or nobody to sign in to it.
            Denied: the caller may not.
        """
        principal.require("organisation:write")
        target = await self._copying.copy_organisation(principal, name, administrator=administrator)
        copied = 0
        for workflow in await self._automation.list(principal):
            source = await self._text(principal, workflow.id, workflow.version)
            await self._automation.save(target, source, activate=False)
            copied += 1
        scopes = await self._routing.copy_routing(principal, target) if self._routing else 0
        return Copy(target.organisation_id, target.organisation_name, copied, scopes)

    async def _text(self, principal: Principal, workflow_id: str, number: int) -> str:
        versions = await self._automation.versions(principal, workflow_id)
        return next(each.source for each in versions if each.number == number)

    async def _look(self, principal: Principal, proven: Proven) -> tuple[Sequence[Missing], Sequence[Missing]]:
        """(not there, not known) of all ids that the workflows name."""
        named = [
            (Missing(workflow.name, object_id, kind), path)
            for workflow in await self._automation.list(principal)
            for object_id, kind, path in named_in(await self._text(principal, workflow.id, workflow.version))
        ]
        paths = sorted({path for _, path in named})
        there = dict(zip(paths, await asyncio.gather(*(self._there(proven, path) for path in paths)), strict=True))
        return (
            [each for each, path in named if there[path] is False],
            [each for each, path in named if there[path] is None],
        )

    async def _there(self, proven: Proven, path: str) -> bool | None:
        try:
            answer = await self._reader.get(proven.access, path, deadline=DEADLINE)
        except StripeAbsent:
            return False
        except StripeFailure:
            return None
        return answer.body.get("deleted") is not True


def _other_side(current: Integration, proven: Proven) -> None:
    if proven.pair.livemode is current.livemode:
        raise Conflict(
            "switch_to_same_mode",
            f"These keys are of {proven.mode} mode, which is connected already.",
            field="secretKey",
            remedy="Enter the keys of the other mode; to replace the present key use “Change the key”.",
        )


def _verified(report: Report) -> None:
    if not report.verified:
        raise Conflict(
            "switch_not_verified",
            "Nothing was switched: " + " ".join(report.reasons),
            field="secretKey",
            remedy="Mend this at Stripe, then look again.",
        )
