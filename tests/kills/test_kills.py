"""`kill -9` of processes that connect, rotate, delete, switch and seal anew; every point is in the trial `kills`."""

from __future__ import annotations

from pathlib import Path

from tests.kills.aftermath import begin, dying, kill
from tests.sandbox.conftest import Sandbox
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.settings import read

# Early, where nothing may be half done, and late, between what Stripe did and what we know of it.
SAMPLE = [("connect", 30), ("connect", 150), ("rotate", 170), ("switch", 100), ("delete", 24), ("reseal", 12)]


async def test_killed_for_real(
    database: Database, database_url: Secret, stripe_sandbox: Sandbox, clock: ManualClock, tmp_path: Path
) -> None:
    environment = {
        "TILLWRIGHT_DATA": str(tmp_path / "data"),
        "TILLWRIGHT_DATABASE_URL": database_url.reveal(),
        "TILLWRIGHT_STRIPE_API_BASE": stripe_sandbox.url,
        "TILLWRIGHT_STRIPE_CONNECT_BASE": stripe_sandbox.url,
        "TILLWRIGHT_PUBLIC_URL": "http://127.0.0.1:8420",
    }
    with dying(environment) as process:
        life = await begin(read(environment), database, clock, stripe_sandbox, process)
        died = [await kill(life, work, at) for work, at in SAMPLE]
    await life.house.reader.close()
    await life.house.writer.close()
    assert all(died), f"some were over before their point: {list(zip(SAMPLE, died, strict=True))}"
