"""Secrets at the console: kept, named, replaced and deleted, and never on a page."""

from __future__ import annotations

from tests.doors.console.conftest import Person, text_of


async def test_a_secret_is_kept_and_never_shown(ada: Person) -> None:
    assert "No secrets yet" in text_of((await ada.see("/settings/secrets")).text)
    kept = await ada.send("/settings/secrets", seen="/settings/secrets", name="sales", secret="https://hook/of-sales")
    assert kept.headers["location"] == "/settings/secrets?done=secret-kept"
    page = await ada.see("/settings/secrets?done=secret-kept")
    assert "sales" in text_of(page.text)
    assert "of-sales" not in page.text
    refused = await ada.send("/settings/secrets", seen="/settings/secrets", name="Sales!", secret="of-sales")
    assert refused.status_code == 422
    assert "is no name for a secret" in text_of(refused.text)
    assert "of-sales" not in refused.text
    gone = await ada.send("/settings/secrets/sales/delete", seen="/settings/secrets")
    assert gone.headers["location"] == "/settings/secrets?done=secret-deleted"
    assert (await ada.send("/settings/secrets/sales/delete", seen="/settings/secrets")).status_code == 404
