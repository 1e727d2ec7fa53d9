"""Report runs: pending when asked for, done a second later, with a file to fetch."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour, later
from tillwright_sandbox.call import Call


@behaviour("PostReportingReportRuns")
def create(call: Call) -> dict[str, Any]:
    run = generic.create(call)
    later.plan(call, 1, "finish_report_run", run["id"])
    return run


@later.action("finish_report_run")
def finish(call: Call, id: str) -> None:
    run = call.objects.maybe("reporting.report_run", id)
    if run is None or run["status"] != "pending":
        return
    file = generic.build(call, "file", purpose="finance_report_run", type="csv", filename=f"{run['report_type']}.csv")
    call.objects.insert(file)
    run |= {"status": "succeeded", "succeeded_at": call.now, "result": file["id"]}
    call.objects.touch(run)
    call.emit("reporting.report_run.succeeded", run)
