"""What is committed is what would be built, and what templates name is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tillwright.doors.console.icons import FOLDER as ICONS
from tillwright.doors.console.navigation import GROUPS
from tillwright.doors.console.render import FOLDER, environment


def test_the_committed_style_sheet_is_fresh(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/build_css.py", "--check"], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_icon_is_there_and_used() -> None:
    named = {entry.icon for group in GROUPS for entry in group.entries}
    for template in (FOLDER / "templates").rglob("*.html"):
        for call in re.findall(r"(?:icon|empty)\(([^)]*)\)", template.read_text()):
            named |= set(re.findall(r'"([a-z0-9-]+)"', call.split(",")[0] if '"' not in call else call))
    have = {file.stem for file in ICONS.glob("*.svg")}
    assert {entry.icon for group in GROUPS for entry in group.entries} <= have
    assert have <= named, f"drawn but never used: {sorted(have - named)}"


def test_every_template_can_be_read() -> None:
    for name in environment().list_templates(extensions=["html"]):
        environment().get_template(name)
