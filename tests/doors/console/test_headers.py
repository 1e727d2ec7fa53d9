"""Every answer keeps to itself, and no page needs what the policy forbids."""

from __future__ import annotations

import re

import pytest

from tests.doors.console.conftest import Person
from tests.sandbox.conftest import Sandbox
from tillwright.doors.console.app import PAGES
from tillwright.doors.console.headers import POLICY
from tillwright.doors.console.render import FOLDER, STATIC

PATHS = [path for module in PAGES for method, path, _ in module.PAGES if method == "GET" and "{" not in path]
FORBIDDEN = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def test_the_policy_forbids_what_can_hurt() -> None:
    assert "default-src 'none'" in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert "unsafe" not in POLICY
    assert "*" not in POLICY


async def test_on_every_page(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox)
    paths = [*PATHS, "/sign-in", "/nothing-here", "/customers/cus_none", "/static/console.css", "/static/none.css"]
    for path in paths:
        answer = await ada.client.get(path)
        assert answer.status_code < 500, path
        assert answer.headers["content-security-policy"] == POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "strict-transport-security" not in answer.headers, "only behind HTTPS"
        if "html" in answer.headers.get("content-type", ""):
            assert not FORBIDDEN.search(answer.text), path


async def test_a_fault_of_ours_is_a_page_too(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(ada.house.notifications, "list", broken)
    answer = await ada.see("/mails")
    assert answer.status_code == 500
    assert "Something went wrong on our side." in answer.text
    assert "secret inside" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


async def test_static_files_are_kept_by_their_digest(ada: Person) -> None:
    page = await ada.see("/")
    named = set(re.findall(r'(/static/[^"]+)"', page.text))
    assert len(named) >= 5
    for path in named:
        answer = await ada.client.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"], path


def test_no_template_holds_what_the_policy_forbids() -> None:
    templates = list((FOLDER / "templates").rglob("*.html"))
    assert len(templates) > 20
    for template in templates:
        found = FORBIDDEN.search(re.sub(r"hx-on|<iframe[^>]*>", "", template.read_text()))
        assert not found, f"{template.name}: {found}"


def test_each_foreign_file_is_named_with_its_licence() -> None:
    licences = (STATIC / "LICENSES.txt").read_text()
    foreign = [file.name for file in STATIC.iterdir() if file.suffix in (".js", ".woff2")]
    for name in foreign:
        known = name in licences or name == "console.js" or name.startswith("inter-")
        assert known, f"{name} is not in LICENSES.txt"
