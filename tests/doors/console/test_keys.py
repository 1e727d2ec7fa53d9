"""API keys: made, shown once, used, revoked."""

from __future__ import annotations

import re

from tests.doors.console.conftest import Person, text_of

PATH = "/settings/api-keys"


async def make(person: Person, name: str, role: str = "VIEWER") -> str:
    answer = await person.send(PATH, seen=PATH, name=name, role=role)
    assert answer.status_code == 200, text_of(answer.text)
    found = re.search(r"twk_[A-Za-z0-9_-]{20,}", answer.text)
    assert found
    return found[0]


async def test_shown_once_then_only_its_end(ada: Person) -> None:
    assert "No API keys yet" in text_of((await ada.see(PATH)).text)
    key = await make(ada, "Backend", "EDITOR")
    principal = await ada.house.tenancy.principal_of_key(key)
    assert (principal.name, principal.role) == ("Backend", "EDITOR")
    later = await ada.see(PATH)
    assert key not in later.text
    assert f"twk_…{key[-4:]}" in text_of(later.text)
    assert "Editor" in text_of(later.text)


async def test_revoked_it_is_refused(ada: Person) -> None:
    key = await make(ada, "Backend")
    client = (await ada.house.tenancy.api_clients(ada.principal))[0]
    done = await ada.send(f"{PATH}/{client.id}/revoke", seen=PATH)
    assert done.headers["location"] == f"{PATH}?done=key-revoked"
    assert "no longer works" in text_of((await ada.see(f"{PATH}?done=key-revoked")).text)
    assert await ada.house.tenancy.api_clients(ada.principal) == []
    assert (await ada.send(f"{PATH}/{client.id}/revoke", seen=PATH)).status_code == 404
    assert key


async def test_what_cannot_be_made_says_why(ada: Person) -> None:
    nameless = await ada.send(PATH, seen=PATH, name="  ", role="VIEWER")
    assert nameless.status_code == 422
    assert "A name has 1 to 100 characters." in text_of(nameless.text)
    assert (await ada.send(PATH, seen=PATH, name="Backend", role="KING")).status_code == 422
    for number in range(5):
        await make(ada, f"Key {number}")
    sixth = await ada.send(PATH, seen=PATH, name="Sixth", role="VIEWER")
    assert sixth.status_code == 409
    assert "at most 5 API keys" in text_of(sixth.text)


async def test_only_our_own_sentences_are_said(ada: Person) -> None:
    page = await ada.see(f"{PATH}?done=<b>You+won</b>")
    assert "You won" not in text_of(page.text)
