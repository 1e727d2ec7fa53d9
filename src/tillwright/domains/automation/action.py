"""What an action is: named inputs, and the pure function that makes of them one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tillwright.domains.automation import inputs
from tillwright.domains.automation.inputs import Input
from tillwright.kit.errors import Invalid, Problem


@dataclass(frozen=True)
class StripeWrite:
    """One request to Stripe; `params` as Stripe's documentation nests them."""

    method: Literal["POST", "DELETE"]
    path: str
    params: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        return {"kind": "stripe", "method": self.method, "path": self.path, "params": dict(self.params)}


@dataclass(frozen=True)
class Mail:
    """One mail to one person; `html` may be left out."""

    to: str
    subject: str
    text: str
    html: str | None = None

    def plain(self) -> dict[str, Any]:
        return {"kind": "mail", "to": self.to, "subject": self.subject, "text": self.text, "html": self.html}


Request = StripeWrite | Mail


def _no_complaint(given: Mapping[str, Any]) -> Sequence[Problem]:
    return ()


@dataclass(frozen=True)
class Action:
    """`build` gets checked inputs without the ones left out; `cross` complains about inputs that don't go together."""

    name: str
    summary: str
    inputs: Mapping[str, Input]
    build: Callable[[Mapping[str, Any]], Request]
    cross: Callable[[Mapping[str, Any]], Sequence[Problem]] = field(default=_no_complaint)

    def problems(self, given: Mapping[str, Any], *, draft: bool) -> list[Problem]:
        """Every complaint about these inputs; a draft's `${…}` values are judged when the run gets there."""
        return [*inputs.check(self.inputs, given, draft=draft), *self.cross(given)]

    def request(self, given: Mapping[str, Any]) -> Request:
        """The one request these inputs mean.

        Raises:
            Invalid: with every complaint about them.
        """
        problems = self.problems(given, draft=False)
        if problems:
            raise Invalid.many(problems)
        return self.build({name: value for name, value in given.items() if value is not None})
