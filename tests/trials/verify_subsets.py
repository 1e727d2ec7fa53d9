"""VERIFY against 200 random sets of rights, and each single one missing: read back exactly, and nothing written.

The sandbox's ledger is the witness: a write that was accepted would stand there.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time

from tests.sandbox.conftest import serve_world
from tillwright.domains.verification.permissions import wanted_rights
from tillwright.domains.verification.probe import Prober
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret
from tillwright_sandbox.world import make_world

SETS = 200


async def trial(seed: int) -> int:
    """Returns how many sets were read back wrongly."""
    dice, clock = random.Random(seed), SystemClock()
    wanted = [right.removeprefix("rak_") for right in wanted_rights()]
    sets = [[right for right in wanted if right != left] for left in wanted]
    sets += [[right for right in wanted if dice.random() < dice.random()] for _ in range(SETS)]
    world = make_world()
    world.limits.enabled = False
    wrong = requests = 0
    for sandbox in serve_world(world):
        reader = LiveReader(sandbox.url, limits=NoLimits(), clock=clock)
        writer = LiveWriter(sandbox.url, limits=NoLimits(), clock=clock)
        prober = Prober(reader, writer, clock)
        for held in sets:
            key = world.keys.create(sandbox.account, False, held)
            key.wording = dice.choice(["rak", "enabling", "mixed"])
            probed = await prober.run(Access("org", Secret(key.secret), False, sandbox.account), restricted=True)
            missing = [found.right.removeprefix("rak_") for found in probed.findings if found.state == "missing"]
            expected = [right for right in wanted if right not in held]
            if [right for right in missing if right in wanted] != expected or probed.requests > 40:
                wrong += 1
                print(f"wrong: held {held}, missing {missing}, {probed.requests} requests")
            requests += probed.requests
        await reader.close()
        await writer.close()
        print(f"{len(sets)} sets, {requests} requests, {len(world.ledger.writes)} accepted writes, {wrong} wrong")
        wrong += len(world.ledger.writes)
    return wrong


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    began = time.monotonic()
    failures = asyncio.run(trial(seed))
    print(f"{time.monotonic() - began:.1f} s")
    sys.exit(bool(failures))
