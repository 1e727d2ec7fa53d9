"""`tillwright workflow`: definitions kept in files, tried, applied, listed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
import yaml

from tillwright.domains.automation import RunState, cases, definition
from tillwright.domains.automation.schema import definition_schema
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli import workflow_events, workflow_runs, workflow_steering, workflow_tries
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_rows, print_table
from tillwright.kit.errors import Absent, Invalid
from tillwright.wiring import House

app = typer.Typer(
    help="Workflows: written in files, tried, applied, watched and steered.",
    no_args_is_help=True,
)
app.command()(workflow_events.webhook)
app.command()(workflow_events.kept)
app.command()(workflow_events.replay)
app.command()(workflow_runs.declare)
app.command()(workflow_tries.backtest)
app.command(name="try")(workflow_tries.with_start)
for steer in workflow_steering.COMMANDS:
    app.command()(steer)
Files = Annotated[list[Path], typer.Option("--file", "-f", help="A definition, or a folder of them. May be repeated.")]
_SUFFIXES = (".yaml", ".yml", ".json")


@app.command()
def apply(
    file: Files,
    organisation: Organisation = None,
    activate: Annotated[bool, typer.Option(help="Switch them on as well.")] = False,
    override: Annotated[
        bool, typer.Option(help="Activate in live mode what moves money and was never tried; audited.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Save definitions; what is there already, word for word, is left alone. All are checked before one is saved."""
    texts = {path: path.read_text() for path in _found(file)}
    _check(texts)

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        before = {one.name: (one.version, one.state) for one in await house.automation.list(principal)}
        done: list[dict[str, Any]] = []
        for path, text in texts.items():
            saved = await house.automation.save(principal, text, activate=activate or None, override=override)
            was = before.get(saved.name)
            did = "created" if was is None else "unchanged" if was == (saved.version, saved.state) else "updated"
            done.append(
                {"file": str(path), "name": saved.name, "version": saved.version, "state": saved.state, "did": did}
            )
        return done

    done = in_house(organisation, do)
    print_rows(done, as_json, lambda one: f"{one['did']:<10} {one['name']} (version {one['version']}, {one['state']})")


@app.command(name="test")
def try_(file: Files, as_json: AsJson = False) -> None:
    """Try definitions against the tests beside them (NAME.test.yaml); needs no database. Exit 1 if one fails."""
    texts = {path: path.read_text() for path in _found(file)}
    _check(texts)
    shown: list[dict[str, Any]] = []
    for path, text in texts.items():
        beside = path.with_name(f"{path.stem}.test.yaml")
        if beside.exists():
            shown += asyncio.run(_tried(text, str(beside), yaml.safe_load(beside.read_text())))
    print_rows(shown, as_json, lambda one: f"{'✓' if one['passed'] else '✗'} {one['name']}" +
           ("" if one["passed"] else f"\n  expected {one['expected']}\n  got      {one['got']}"))  # fmt: skip
    if not shown:
        raise Absent("test_absent", "There is no test beside these definitions.", remedy="Write NAME.test.yaml.")
    if not all(one["passed"] for one in shown):
        raise typer.Exit(1)


@app.command(name="list")
def list_(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """All workflows with what starts them and how their runs ended."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        counts = await house.automation.run_counts(principal)
        return [
            {"id": one.id, "name": one.name, "state": one.state, "version": one.version, "trigger": one.trigger,
             "runs": counts.get(one.id, {})}
            for one in await house.automation.list(principal)
        ]  # fmt: skip

    print_table(in_house(organisation, do), as_json, ("name", "state", "version", "trigger", "runs"))


@app.command()
def runs(
    workflow: Annotated[str | None, typer.Argument(help="Its name or id; all if left out.")] = None,
    state: Annotated[RunState | None, typer.Option(help="Only those.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """The newest runs."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        found = await house.automation.get(principal, workflow) if workflow else None
        page = await house.automation.runs(principal, workflow_id=found and found.id, state=state, limit=limit)
        return [
            {"id": run.id, "workflow": run.workflow_name, "state": run.state, "reason": run.reason,
             "event": run.trigger.stripe_event_type, "created": run.created.isoformat()}
            for run in page.items
        ]  # fmt: skip

    print_table(in_house(organisation, do), as_json, ("id", "workflow", "state", "event", "created", "reason"))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where to write NAME.yaml for each.")],
    organisation: Organisation = None,
) -> None:
    """Write every workflow's text in force to a folder; `apply -f` of it changes nothing."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for one in await house.automation.list(principal):
            versions = await house.automation.versions(principal, one.id)
            source = next(version.source for version in versions if version.number == one.version)
            found.append({"name": one.name, "source": source})
        return found

    folder.mkdir(parents=True, exist_ok=True)
    for one in in_house(organisation, do):
        (folder / f"{one['name']}.yaml").write_text(one["source"])
        print(folder / f"{one['name']}.yaml")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a definition, for editors."""
    print(orjson.dumps(definition_schema(), option=orjson.OPT_INDENT_2).decode())


def _found(given: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        if not path.exists():
            raise Absent("file_absent", f"There is no {path}.", field="--file")
        inside = (
            sorted([*path.rglob("*.yaml"), *path.rglob("*.yml"), *path.rglob("*.json")]) if path.is_dir() else [path]
        )
        found += [one for one in inside if ".test." not in one.name]
    return found


def _check(texts: dict[Path, str]) -> None:
    """Every complaint about every file, before anything is done."""
    problems: list[Any] = []
    for path, text in texts.items():
        try:
            definition.parse(text)
        except Invalid as error:
            problems += [type(one)(one.code, one.sentence, f"{path}:{one.field}", one.remedy) for one in error.problems]
    if problems:
        raise Invalid.many(problems)


async def _tried(text: str, beside: str, data: Any) -> list[dict[str, Any]]:
    found = definition.parse(text)
    return [await cases.attempt(found, number, case) for number, case in enumerate(cases.read(data, beside), 1)]
