"""Do the docs agree with the code? Settings, commands, tables, links; `--write` renews the pages written from code."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from actions_page import actions_page
from tillwright import settings
from tillwright.domains.assistant.catalogue import catalogue as tools
from tillwright.domains.automation import examples
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.drawing import draw
from tillwright.domains.automation.rules import STRIPE
from tillwright.domains.events import HAPPENINGS, Happening
from tillwright.domains.mirror.kinds import ASIDE, KINDS
from tillwright.domains.notifications.catalogue import catalogue as scopes
from tillwright.domains.notifications.templates import language
from tillwright.domains.tenancy.rights import RIGHTS, ROLES, allows
from tillwright.domains.verification.permissions import PERMISSIONS, right_to_list
from tillwright.doors.cli.app import EXIT_CODES
from tillwright.gateways.stripe.operations import operations

ROOT = Path(__file__).parent.parent
PAGES = [
    p
    for p in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part == "node_modules" for part in p.relative_to(ROOT).parts)
]


def check_settings() -> list[str]:
    told = set(re.findall(r"^### (TILLWRIGHT_\w+)$", (ROOT / "docs/reference/settings.md").read_text(), re.M))
    missing = [f"docs/reference/settings.md: no heading for {name}" for name in settings.NAMES.keys() - told]
    return missing + [f"docs/reference/settings.md: {name} is no setting" for name in told - settings.NAMES.keys()]


def check_commands() -> list[str]:
    page = (ROOT / "docs/reference/cli.md").read_text()
    source = (ROOT / "src/tillwright/doors/cli/app.py").read_text()
    names = {n.rstrip("_") for n in re.findall(r'command\(name="(\w+)"\)', source)}
    names |= {n for n in re.findall(r"@app\.command\(\)\n    def (\w+)", source)}
    names |= set(re.findall(r"add_typer\([\w.]+, name=\"(\w+)\"\)", source))
    told = set(re.findall(r"^## tillwright (\w+)", page, re.M))
    wrong = [f"docs/reference/cli.md: {name} is told of or exists, but not both" for name in names ^ told]
    for family, code in EXIT_CODES.items():
        if not re.search(rf"\| {code} \|.*{family.family}", page):
            wrong.append(f"docs/reference/cli.md: exit code {code} ({family.family}) is not told of")
    return wrong


def check_links() -> list[str]:
    wrong: list[str] = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                wrong.append(f"{page.relative_to(ROOT)}: there is no {target}")
    return wrong


def check_decisions() -> list[str]:
    numbers = [int(p.name[:4]) for p in sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))]
    return [] if numbers == list(range(1, len(numbers) + 1)) else [f"docs/decisions: the numbers are {numbers}"]


def stripe_actions_page() -> str:
    text = "# Stripe's operations as actions\n\n"
    text += (
        "Every operation of the pinned API version that neither takes nor answers a file, under a name made of its\n"
    )
    text += (
        "path. A step gives the names in the path and Stripe's own parameters, nested as Stripe's documentation nests\n"
    )
    text += "them; each is checked against its shape when the workflow is saved. For what people do most there are\n"
    text += "[actions with friendlier inputs](actions.md).\n"
    text += "\n| action | request | needs | does |\n|---|---|---|---|\n"
    for action in catalogue().values():
        if action.generated:
            row = operations()[action.name]
            needs = ", ".join(f"`{name}`" for name, given in action.inputs.items() if given.required)
            text += f"| `{action.name}` | {row.method} `{row.path}` | {needs} | {row.title} |\n"
    return text


def assistant_page() -> str:
    text = "# Assistant tools\n\nWhat an assistant can ask, of a user's own account or of the organisation's mirror. "
    text += (
        "All of them read; none writes\n([why](../why/read-only.md)). Each answer carries ids with dashboard links, "
    )
    text += (
        "the account and mode, the time it is true of, what was\nread and what could not be; money is in whole minor "
    )
    text += "units, by currency.\n"
    for tool in tools().values():
        text += f"\n## {tool.name}\n{tool.summary}\n\n"
        if not tool.arguments:
            text += "It takes nothing.\n"
            continue
        text += "| argument | kind | meaning |\n|---|---|---|\n"
        for given in tool.arguments:
            needed = ", required" if given.required else ""
            choices = f" ({', '.join(given.choices)})" if given.choices else ""
            text += f"| `{given.name}` | {given.kind}{choices}{needed} | {given.summary} |\n"
    return text


def permissions_page() -> str:
    text = "# Permissions\n\nWhat VERIFY asks of the key; a write right includes its read. How it is told is in\n"
    text += "[why/verification.md](../why/verification.md).\n\n"
    text += "Integrations → Connect Stripe has a button for Stripe's page of a new restricted key, prefilled with\n"
    text += "these, and one that copies the list. VERIFY says which of the others to take away again.\n\n"
    text += "| right | in Stripe's dashboard | without it |\n|---|---|---|\n"
    for row in PERMISSIONS:
        text += f"| `rak_{row.right}` ({row.use}) | {row.dashboard} | {row.loses} |\n"
    return text


def mirror_page() -> str:
    text = """# What the mirror holds

Every object an event names is kept, whatever its type, as Stripe sent it; a deleted one stays as a tombstone. The
types below are also brought in by the backfill, in this order, and proven against Stripe ever after. How far each is
in your account, the page *Is my data right?* and `tillwright mirror status` say: **complete**; **in part**, where the
list was read to its end and Stripe leaves something out of it; **denied**, with the right that the key lacks; **not
offered** to the account by Stripe; **not yet**; **reading**; or **failed**, with the reason.

A restricted key needs the *right* to read a list. Where VERIFY asks for none, a dash stands; Stripe's refusal, which
the page shows, names it then.

*By time* lists are read in ranges of `created`, several at once, and proven range by range; *by cursor* lists from
the first page to the last; *by parent* lists with one request a parent, and are proven parent by parent. What a parent
carries whole, such as a subscription's items, is read there, in SQL, over HTTP and in files; only longer lists cost
requests. Where no list is carried, only parents are asked of which something here says that they have some: customers
with a balance, or with an invoice that began or ended with one. Of lines and the like no event tells: what is beyond
the first ten comes with the next pass, which begins when the parent changes. The active entitlements of a customer are
asked for again with each `entitlements.active_entitlement_summary.updated`. The view is what
[SQL](../how-to/query-with-sql.md) reads.

In test mode Stripe's lists of customers, subscriptions and quotes leave out what lives on a test clock. Those lists
are *and by clock*: once the clocks are known they are read again for each, and so are they proven. A key that may not
list clocks leaves these three in part.

| object | view | listed at | how | right |
|---|---|---|---|---|
"""
    for kind in KINDS:
        how = f"by parent: `{kind.of}`" if kind.of else "by time" if kind.by_created else "by cursor"
        how += f", only where longer than its `{kind.inside}` show" if kind.inside else ""
        how += f", where there are `{kind.once}` objects" if kind.once else ""
        how += ", only those that have some" if kind.finder else ""
        how += " and by clock" if kind.on_clocks else ""
        right = right_to_list(kind.object, kind.path)
        where = f"| `{kind.object}` | `stripe.{kind.view}` | `{kind.path}` | {how} "
        text += where + (f"| `{right}` |\n" if right else "| – |\n")
    text += "\n## In part\n\nLists that leave something out, and what brings the rest.\n\n"
    text += "| object | its list has |\n|---|---|\n"
    text += "".join(f"| `{kind.object}` | {kind.part} |\n" for kind in KINDS if kind.part)
    text += "\n## Set aside\n\nLists that Stripe has and the mirror leaves out; with these, every list of the pinned "
    text += "API version is on this page.\n\n| list | why |\n|---|---|\n"
    return text + "".join(f"| `{path}` | {reason} |\n" for path, reason in ASIDE.items())


def notifications_page() -> str:
    text = "# Notification scopes\n\nA scope, `ACTION.ENTITYTYPE`, is the address of one kind of notice. "
    text += "How they are set up, written and sent is in\n[how-to/notifications.md](../how-to/notifications.md).\n\n"
    text += "| scope | category | when | priority | until you say otherwise |\n|---|---|---|---|---|\n"
    for s in scopes().values():
        text += f"| `{s.name}` | {s.category} | {s.summary} | {s.priority} | {'on' if s.on else 'off'} |\n"
    text += "\n## Merge tags\n\nIn a subject or a text: `{{ name }}`, `{{ endTime | date }}`. "
    text += f"Tags: {', '.join(f'`{t}`' for t in language.TAGS)}.\n"
    text += f"Filters: {', '.join(f'`{f}`' for f in sorted((*language.FILTERS, *language.OURS)))}.\n"
    told: dict[str, list[str]] = {}
    for s in scopes().values():
        own = {name: tag.summary for name, tag in s.tags.items()}
        told.setdefault("\n".join(f"| `{name}` | {summary} |" for name, summary in own.items()), []).append(s.name)
    for rows, names in told.items():
        text += f"\n### {', '.join(names)}\n\n| merge tag | value |\n|---|---|\n{rows}\n"
    return text


def events_page() -> str:
    text = "# Events of ours\n\nWhat happens here has a name, `subject:thing:action`; `*` stands for any word, such as "
    text += (
        "a partner.\nA [workflow](workflows.md) starts on one by `event:`, waits for one by `wait: {event: …}`, and "
    )
    text += (
        "reads its data\nas `object`. A field may be null, or left out where it does not apply. Stripe’s events are "
    )
    text += "none of these:\nthey are named by `stripe_event:`.\n"
    rows: dict[str, list[Happening]] = {}
    for happening in HAPPENINGS:
        rows.setdefault(json.dumps(dict(happening.example), indent=2, ensure_ascii=False), []).append(happening)
    for example, told in rows.items():
        title = told[0].name if len(told) == 1 else told[0].name.rpartition(":")[0] + ":…"
        text += f"\n## `{title}`\n\n| name | when |\n|---|---|\n"
        text += "".join(f"| `{one.name}` | {one.summary} |\n" for one in told) + f"\n```json\n{example}\n```\n"
    text += "\n## By scope\n\nA scope of [notifications](notifications.md) can be written in the place of a name, and "
    text += "means all its events; for\nthose of Stripe, `object` is Stripe’s object, fetched again.\n\n"
    text += "| scope | events |\n|---|---|\n"
    for s in scopes().values():
        events = (f"`{event.removeprefix(STRIPE)}`{' of Stripe' * event.startswith(STRIPE)}" for event in s.events)
        text += f"| `{s.name}` | {', '.join(events)} |\n"
    return text


def roles_page() -> str:
    text = "# Roles\n\nWhat each role may do; how people and programs get one is in [people.md](people.md).\n\n"
    text += f"| right | {' | '.join(ROLES)} |\n|---|{'---|' * len(ROLES)}\n"
    for right in sorted(RIGHTS):
        text += f"| `{right}` | {' | '.join('yes' if allows(role, right) else '' for role in ROLES)} |\n"
    return text


def templates_page() -> str:
    text = f"# Templates\n\n{len(examples.names())} workflows come with Tillwright. "
    text += "*Templates* at the console shows each and starts it by one click;\n"
    text += "`tillwright workflow apply -f` takes their texts too: they are in `src/tillwright/examples/`.\n"
    for name in examples.names():
        drawing = draw(examples.text_of(name))
        text += f"\n## {name}\n{drawing.description}\n\nStarted by: {' · '.join(drawing.starts)}\n\n"
        text += f"![{name}: what starts it, and its steps one under the other](../pictures/templates/{name}.png)\n"
    return text


WRITTEN = {
    "assistant.md": assistant_page,
    "actions.md": actions_page,
    "events.md": events_page,
    "roles.md": roles_page,
    "permissions.md": permissions_page,
    "mirror.md": mirror_page,
    "stripe-actions.md": stripe_actions_page,
    "notifications.md": notifications_page,
    "templates.md": templates_page,
}


def check_written(write: bool) -> list[str]:
    wrong: list[str] = []
    for name, make in WRITTEN.items():
        page = ROOT / "docs/reference" / name
        if write:
            page.write_text(make())
        elif not page.exists() or page.read_text() != make():
            wrong.append(f"docs/reference/{name} is not what the code says: run {sys.argv[0]} --write")
    return wrong


if __name__ == "__main__":
    found = [
        *check_written("--write" in sys.argv),
        *check_settings(),
        *check_commands(),
        *check_links(),
        *check_decisions(),
    ]
    print("\n".join(found) or "The docs agree with the code.")
    sys.exit(bool(found))
