"""What a switch would do, and what a test copy was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tillwright.domains.integrations.proving import Proven
from tillwright.domains.verification import Report


@dataclass(frozen=True)
class Missing:
    """An id that a workflow names and the other side does not have."""

    workflow: str
    id: str
    object: str


@dataclass(frozen=True)
class Preview:
    """What is known before a switch. `unknown`: ids that could not be looked up, because Stripe did not say.

    `workflows`, `active` and `running` count what carries over, and the runs under way, which stay on their side.
    """

    proven: Proven
    report: Report
    leaves_account: str
    leaves_mode: str
    workflows: int
    active: int
    running: int
    missing: Sequence[Missing]
    unknown: Sequence[Missing]

    @property
    def ready(self) -> bool:
        """Whether nothing stands in the way; missing ids do not, but the workflows that name them will fail."""
        return self.report.verified

    def as_json(self) -> dict[str, Any]:
        """Plain data; the keys are not in it."""
        return {
            "ready": self.ready,
            "from": {"accountId": self.leaves_account, "mode": self.leaves_mode},
            "to": {
                "accountId": self.proven.identity.account_id,
                "accountName": self.proven.identity.name,
                "mode": self.proven.mode,
            },
            "workflows": self.workflows,
            "activeWorkflows": self.active,
            "runsUnderWay": self.running,
            "missingIds": [vars(each) for each in self.missing],
            "unknownIds": [vars(each) for each in self.unknown],
            "report": self.report.as_json(),
        }


@dataclass(frozen=True)
class Copy:
    """A test organisation that was just made; its workflows are all paused, and nothing is connected."""

    organisation_id: str
    name: str
    workflows: int
    notification_scopes: int
