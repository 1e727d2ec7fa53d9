"""The demo's hands: carries out Stripe operations inside the sandbox, at a moment of its own, without HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import StripeError
from ..operations import operations
from ..pipeline import act, perform

if TYPE_CHECKING:
    from ..world import Account, World

Obj = dict[str, Any]


class Shop:
    """One account in one mode. `path` parameters come as keywords, the others as one dict of typed values."""

    def __init__(self, world: World, account: Account, livemode: bool = False) -> None:
        self.world, self.account, self.livemode = world, account, livemode
        self.objects = account.objects(livemode)

    def go_to(self, moment: float) -> None:
        """Moves the clock, and lets everything due on the way happen."""
        self.world.clock.set(max(moment, self.world.clock.precise()))

    def do(self, operation_id: str, params: Obj, **path: str) -> Obj:
        """The answer as stored. A declined card raises StripeError and leaves its traces, as over HTTP."""
        declined: StripeError | None = None
        result: Any = None
        with act(self.world, self.account, self.livemode) as call:
            call.operation = operations()[operation_id]
            call.path, call.params = dict(path), dict(params)
            try:
                result = perform(call)
            except StripeError as error:
                if not error.keep:
                    raise
                declined = error
        if declined is not None:
            raise declined
        return result

    def try_to(self, operation_id: str, params: Obj, **path: str) -> Obj | None:
        """None where the card is declined; every other refusal is a mistake of the story and is raised."""
        try:
            return self.do(operation_id, params, **path)
        except StripeError as error:
            if error.type != "card_error":
                raise
            return None

    def get(self, object: str, id: str) -> Obj:
        return self.objects.get(object, id)

    def newest(self, object: str, **equal: Any) -> Obj | None:
        return next((record.obj for record in self.objects.select(object, **equal)), None)

    def redeemable(self, object: str, id: str) -> bool:
        return bool(self.get(object, id)["active"])
