"""Do the docs agree with the code? Settings, commands, links, pictures; prints every disagreement."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tillwright import settings
from tillwright.doors.cli.app import EXIT_CODES

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


if __name__ == "__main__":
    found = [*check_settings(), *check_commands(), *check_links(), *check_decisions()]
    print("\n".join(found) or "The docs agree with the code.")
    sys.exit(bool(found))
