"""What billing does as time passes: each thing due, in its order, at its own moment."""

import heapq
import weakref
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tillwright_sandbox.behaviours import coupons, due_invoices, due_schedules, due_subscriptions, promotion_codes
from tillwright_sandbox.call import Call
from tillwright_sandbox.objects import Objects
from tillwright_sandbox.world import Account, World

Obj = dict[str, Any]
# Kind of object -> (when it is next due, unix seconds or None; what happens then).
# Of what is due at one moment the first named comes first: a phase that ends with a period changes what is renewed.
DUTIES = {
    "quote": (
        lambda _objects, quote: quote["expires_at"] if quote["status"] in ("draft", "open") else None,
        due_schedules.expire_quote,
    ),
    "coupon": (
        lambda _objects, coupon: coupon["redeem_by"] if coupon["valid"] else None,
        lambda call, coupon: coupons.refresh(call, coupon),
    ),
    "promotion_code": (
        lambda _objects, code: code["expires_at"] if code["active"] else None,
        lambda call, code: promotion_codes.refresh(call, code),
    ),
    "subscription_schedule": (due_schedules.next_due, due_schedules.act),
    "invoice": (due_invoices.next_due, due_invoices.act),
    "subscription": (due_subscriptions.next_due, due_subscriptions.act),
}
NEVER = 2**62
RANK = {kind: rank for rank, kind in enumerate(DUTIES)}
Entry = tuple[int, int, str, str]  # (unix seconds, rank, kind, id)
# Kinds whose change may change when something is due.
WATCHED = (*DUTIES, "subscription_item", "customer")
# What is due again and again at one moment would never end: no honest object has this many duties at once.
MOST_AT_ONCE = 20
_wired: weakref.WeakSet[World] = weakref.WeakSet()
_quiet: weakref.WeakKeyDictionary[Objects, tuple[list[int], int]] = weakref.WeakKeyDictionary()


def wire(world: World) -> None:
    """Renew whenever the world's clock moves; once for a world, however often it is asked for."""
    if world in _wired:
        return
    _wired.add(world)
    world.clock.on_advance.append(lambda _before, after: advance(world, after))


def advance(world: World, until: int) -> int:
    """Do all that is due up to `until` (unix seconds), but for what lives on a test clock; answers how many duties."""
    done = 0
    for account in list(world.accounts.values()):
        for livemode in (False, True):
            done += _run(world, account, livemode, until, None)
    return done


def advance_clock(call: Call, clock: Obj, until: int) -> int:
    """The same for what lives on a test clock; the clock shows each moment as it comes."""
    return _run(call.world, call.account, call.livemode, until, clock)


def _run(world: World, account: Account, livemode: bool, until: int, clock: Obj | None) -> int:
    from tillwright_sandbox import pipeline  # which imports the behaviours

    objects = account.objects(livemode)
    if clock is None and _is_quiet(objects, until):
        return 0
    waiting = list(_due(objects, until, clock))
    heapq.heapify(waiting)
    done, repeats = 0, Counter[Entry]()
    while waiting:
        entry = heapq.heappop(waiting)
        at, _, kind, id = entry
        record = objects.record(kind, id)
        if record is None or record.deleted or DUTIES[kind][0](objects, record.obj) != at:
            continue  # moved or gone since it was put here; where it went, it was put again
        if clock:
            clock["frozen_time"] = max(clock["frozen_time"], at)
        with pipeline.act(world, account, livemode, at=max(at, clock["frozen_time"]) if clock else at) as call:
            obj = call.objects.get(kind, id)
            DUTIES[kind][1](call, obj)
        done += 1
        repeats[entry] += 1
        if repeats[entry] > MOST_AT_ONCE:
            raise RuntimeError(f"{kind} {id} is due again and again at {at}; its duty does not move it on.")
        for following in _after(objects, kind, record.obj, clock, until):
            heapq.heappush(waiting, following)
    return done


def _is_quiet(objects: Objects, until: int) -> bool:
    """Nothing changed since the last look, which found nothing due before a later moment: most ticks end here."""
    versions = [objects.kinds[kind].version if kind in objects.kinds else 0 for kind in WATCHED]
    known = _quiet.get(objects)
    if known is None or known[0] != versions:
        known = _quiet[objects] = versions, _earliest(objects)
    return known[1] > until


def _earliest(objects: Objects) -> int:
    return min((entry[0] for entry in _due(objects, NEVER, None)), default=NEVER)


def _due(objects: Objects, until: int, clock: Obj | None) -> Iterator[Entry]:
    for kind, (when, _) in DUTIES.items():
        for record in objects.select(kind):
            if _lives_on(objects, record.obj, clock):
                at = when(objects, record.obj)
                if at is not None and at <= until:
                    yield at, RANK[kind], kind, record.id


def _lives_on(objects: Objects, obj: Obj, clock: Obj | None) -> bool:
    """Whether an object's time is this test clock's (None: the world's)."""
    mine = obj.get("test_clock")
    if mine is None and isinstance(obj.get("customer"), str):
        customer = objects.record("customer", obj["customer"])
        mine = customer.obj.get("test_clock") if customer else None
    return mine == (clock["id"] if clock else None)


def _after(objects: Objects, kind: str, obj: Obj, clock: Obj | None, until: int) -> Iterator[Entry]:
    """What the duty may have made due: the object itself, its subscription, and the customer's invoices."""
    customer = obj.get("customer")
    found = [(kind, obj)]
    if isinstance(customer, str):
        for other in ("subscription", "invoice", "subscription_schedule"):
            found += [(other, record.obj) for record in objects.select(other, customer=customer)]
    for name, one in found:
        at = DUTIES[name][0](objects, one) if not one.get("deleted") else None
        if at is not None and at <= until and _lives_on(objects, one, clock):
            yield at, RANK[name], name, one["id"]
