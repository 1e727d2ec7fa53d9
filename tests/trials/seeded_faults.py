"""25 faults put into our own code, one at a time: the suite must catch each.

`python -m tests.trials.seeded_faults [NAME …]`. The package is copied to a throw-away folder and changed there; the
tests of the rooms concerned run against the copy. A fault whose text is no longer in the code is a failure too: seed it
anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Fault:
    """In `file` below src/tillwright, `right` is replaced by `wrong`; one of `tests` must fail."""

    name: str
    file: str
    right: str
    wrong: str
    tests: str


FAULTS = [
    Fault("every attempt of intent shares a key", "domains/billing/idempotency.py",
          'return "tw_" + _digest("idempotency", organisation_id, run_id, step, attempt)',
          'return "tw_" + _digest("idempotency", organisation_id, run_id, step, 1)',
          "tests/domains/billing/test_idempotency.py"),
    Fault("a timeout counts as refused", "domains/billing/verdict.py",
          'if failure.unknown:\n        return "UNKNOWN"', 'if failure.unknown:\n        return "REFUSED"',
          "tests/domains/billing/test_decisions.py tests/domains/billing/test_effects.py"),
    Fault("an effect is sent before it is recorded as sent", "domains/billing/service.py",
          "await store.begin_sending(tx, organisation_id, effect.id, now)", "pass",
          "tests/domains/billing"),
    Fault("an expired key is sent anew without a look", "domains/billing/service.py",
          "        return await self._send_unless_done(access, effect, on_done, may_send)",
          "        return await self._send(access, effect, on_done, may_send)",
          "tests/domains/billing"),
    Fault("a refund may exceed what remains", "domains/billing/refunds.py",
          'remains if wanted is None else min(wanted, remains)', 'remains if wanted is None else wanted',
          "tests/domains/automation/test_refunds.py"),
    Fault("a limit is passed by one minor unit", "domains/automation/spending.py",
          "if limit is not None and total > limit:", "if limit is not None and total > limit + 1:",
          "tests/domains/automation/test_safety.py"),
    Fault("a run is named by a counter", "domains/automation/triggers.py",
          'f"event_{event.identity}"', 'f"event_{event.id}"',
          "tests/journeys/test_restore.py"),
    Fault("an approval holds for another amount", "domains/automation/asking.py",
          "digest = payload_hash(request, question, amount, currency)",
          "digest = payload_hash({}, question, None, currency)",
          "tests/domains/automation"),
    Fault("a signature may be a second too old", "domains/webhooks/signature.py",
          "abs(signature.seconds - now) > TOLERANCE", "abs(signature.seconds - now) > TOLERANCE + 1",
          "tests/domains/webhooks/test_signature.py"),
    Fault("an empty secret signs", "domains/webhooks/signature.py",
          "        if not key:\n            continue\n", "",
          "tests/domains/webhooks/test_signature.py"),
    Fault("an older event overwrites", "domains/mirror/apply.py",
          "event.created < known.event_created:", "event.created < known.event_created - MARGIN:",
          "tests/domains/mirror/test_apply.py tests/domains/webhooks/test_torture.py"),
    Fault("a late update revives what was deleted", "domains/mirror/apply.py",
          "return Verdict.KEEP if event.deletes else Verdict.ASK", "return Verdict.KEEP if event.deletes else write",
          "tests/domains/mirror/test_apply.py tests/domains/webhooks/test_torture.py"),
    Fault("a fetch that began before an event wins", "domains/mirror/apply.py",
          "<= fetch.began:\n        return Verdict.WRITE", "<= fetch.began + MARGIN:\n        return Verdict.WRITE",
          "tests/domains/mirror/test_apply.py"),
    Fault("what appears late in Stripe's list is never asked for", "domains/webhooks/polling/window.py",
          "wanted, oldest = seen_until - LAG,", "wanted, oldest = seen_until,",
          "tests/domains/webhooks/test_polling.py"),
    Fault("a notice goes out at the end itself", "domains/entitlements/end_soon.py",
          "return range(days, 0, -STEP)", "return range(days, -1, -STEP)",
          "tests/domains/entitlements/test_end_soon.py"),
    Fault("an edit of N sends again what was sent", "domains/entitlements/end_soon.py",
          "if sent and min(sent) <= offset:", "if offset in sent:",
          "tests/domains/entitlements/test_end_soon.py"),
    Fault("daylight saving moves a notice", "domains/entitlements/end_soon.py",
          "wall = end.astimezone(zone).replace(tzinfo=None) - timedelta(days=offset)\n"
          "    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)",
          "return end - timedelta(days=offset)",
          "tests/domains/entitlements/test_end_soon.py"),
    Fault("a viewer may change workflows", "domains/tenancy/rights.py",
          '"workflow:write": "EDITOR"', '"workflow:write": "VIEWER"',
          "tests/doors/api/test_cross_tenant.py"),
    Fault("the tenant is not set on the transaction", "gateways/database/engine.py",
          "await tx.execute(\"select set_config('tillwright.organisation', %s, true)\", (organisation_id,))",
          "await tx.execute(\"select set_config('tillwright.organisation', %s, false)\", (organisation_id,))",
          "tests/gateways/database/test_tenants.py"),
    Fault("a seal opens for another purpose", "kit/seal.py",
          'return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)',
          'return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts[:2])',
          "tests/kit/test_seal.py"),
    Fault("an OAuth state is good twice", "domains/connections/store.py",
          '"and used is null and expires > %s returning *"', '"and expires > %s returning *"',
          "tests/domains/connections/test_oauth.py"),
    Fault("a request may leave out the user's account", "gateways/stripe/connected.py",
          "replace(platform, on_account=account_id), path, params, deadline=deadline)",
          "platform, path, params, deadline=deadline)",
          "tests/domains/connections tests/domains/assistant"),
    Fault("a restored backup brings an integration back", "domains/removal/service.py",
          "            back += await self._delete_again(entry)\n", "            back += 1\n",
          "tests/domains/removal/test_finality.py"),
    Fault("requests may go to what is not public", "gateways/outgoing/address.py",
          "return all(_plainly_public(one) for one in _meant(address))", "return _plainly_public(address)",
          "tests/gateways/outgoing"),
    Fault("an entry of the trail does not name the one before", "domains/audit/model.py",
          "            self.previous,\n", "",
          "tests/domains/audit"),
]  # fmt: skip


def caught(fault: Fault) -> str:
    """`caught`, or what is wrong."""
    folder = Path(tempfile.mkdtemp(prefix="tillwright-fault-"))
    try:
        shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
        file = folder / "src" / "tillwright" / fault.file
        text = file.read_text()
        if text.count(fault.right) != 1:
            return f"its text is there {text.count(fault.right)} times"
        file.write_text(text.replace(fault.right, fault.wrong))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, "-o", f"pythonpath={folder / 'src'} {ROOT}", *fault.tests.split()],
            cwd=ROOT, env=os.environ | {"PYTHONPATH": str(folder / "src")}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 1:
            return "caught"
        return "NOT caught" if done.returncode == 0 else f"the tests did not run: {done.stdout[-300:]}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    wanted = [fault for fault in FAULTS if not sys.argv[1:] or fault.name in sys.argv[1:]]
    missed = 0
    for fault in wanted:
        found = caught(fault)
        missed += found != "caught"
        print(f"{found:12} {fault.name}", flush=True)
    print(f"{len(wanted) - missed} of {len(wanted)} caught")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
