"""The overview: how things stand, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from tillwright.domains.automation import Run, Workflow, WorkflowState
from tillwright.domains.mirror.model import Count, Progress
from tillwright.doors.console import charts, mirrored
from tillwright.doors.console.visit import Visit

COUNTED = (
    ("customer", "Customers", "/customers"),
    ("payment_intent", "Payments", "/payments"),
    ("invoice", "Invoices", "/invoices"),
    ("coupon", "Coupons", "/coupons"),
)


@dataclass(frozen=True)
class Task:
    """One thing on the way to a working set-up."""

    title: str
    text: str
    path: str
    done: bool


async def index(visit: Visit) -> Response:
    """Counts, charts, the latest runs, and the first thing not done yet."""
    workflows = await visit.house.automation.list(visit.principal)
    runs = (await visit.house.automation.runs(visit.principal, limit=5)).items
    progress = await mirrored.progress(visit)
    counts, board = await _mirror(visit)
    tasks = _tasks(visit, workflows, runs, progress)
    return visit.html(
        "pages/overview.html",
        section="overview",
        tasks=[] if all(task.done for task in tasks) else tasks,
        counted=[(title, path, counts[kind].present if kind in counts else 0) for kind, title, path in COUNTED],
        board=board,
        charts=charts,
        runs=runs,
        filling=any(not row.over for row in progress),
    )


async def _mirror(visit: Visit) -> tuple[Mapping[str, Count], charts.Board | None]:
    if visit.shell.stripe is None:
        return {}, None
    livemode, now = visit.shell.stripe.livemode, visit.house.clock.now()
    span = visit.query("days") if visit.query("days") in charts.SPANS else "30"
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = midnight - timedelta(days=int(span) - 1), midnight + timedelta(days=1)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        counts = await visit.house.mirror.counts(tx, livemode=livemode)
        days = await visit.house.mirror.charting.days(tx, livemode=livemode, since=since, until=until)
    return counts, charts.board(days, now.date(), span, visit.query("currency"))


def _tasks(
    visit: Visit, workflows: Sequence[Workflow], runs: Sequence[Run], progress: Sequence[Progress]
) -> tuple[Task, ...]:
    stripe = visit.shell.stripe
    active = any(workflow.state is WorkflowState.ACTIVE for workflow in workflows)
    return (
        Task(
            "Connect Stripe",
            "Enter a public and a secret key. Test mode is a good start.",
            "/integrations",
            stripe is not None,
        ),
        Task(
            "Verify the connection",
            "Tillwright asks Stripe for each permission it needs and says what is missing.",
            "/integrations/stripe" if stripe else "/integrations",
            stripe is not None and stripe.status == "VERIFIED",
        ),
        Task(
            "Let the first reading finish",
            "Customers, payments and coupons come in by themselves after the verification.",
            "/integrations/stripe" if stripe else "/integrations",
            bool(progress) and all(row.over for row in progress),
        ),
        Task("Activate a workflow", "Read what it does, then switch it on.", "/workflows", active),
        Task(
            "See its first run",
            "Let a payment fail in your Stripe account, then follow each step of the run.",
            "/runs",
            bool(runs),
        ),
    )


PAGES = (("GET", "/", index),)
