"""Sign-in, sessions, and who gets to see a page at all."""

from __future__ import annotations

import pytest

from tests.doors.console.conftest import EMAIL, PASSWORD, Person, csrf_of, text_of
from tillwright.doors.console.app import PAGES
from tillwright.doors.console.pages.sign_in import own_path

ALL = [(method, path) for module in PAGES for method, path, _ in module.PAGES]


def filled(path: str) -> str:
    return path.replace("{id:path}", "some").replace("{id}", "some")


async def test_in_and_out_again(visitor: Person) -> None:
    answer = await visitor.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    page = await visitor.see("/")
    assert "Overview" in text_of(page.text)
    assert "Northwind" in text_of(page.text)
    assert page.headers["cache-control"] == "no-store"

    kept = dict(visitor.client.cookies)
    out = await visitor.send("/sign-out")
    assert out.headers["location"] == "/sign-in?done=signed-out"
    visitor.client.cookies.clear()
    for name, value in kept.items():
        visitor.client.cookies.set(name, value)
    again = await visitor.see("/")
    assert again.headers["location"].startswith("/sign-in"), "a session ends on our side, not only in the browser"


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "wrong horse battery"), ("nobody@example.com", PASSWORD), ("", "")]
)
async def test_refused_alike(visitor: Person, email: str, password: str) -> None:
    answer = await visitor.sign_in(email, password)
    assert answer.status_code == 403
    assert "Address and password do not match." in text_of(answer.text)
    assert password == "" or password not in answer.text
    assert (await visitor.see("/")).status_code == 303


async def test_the_sign_in_form_cannot_be_sent_from_elsewhere(visitor: Person) -> None:
    fields = {"email": EMAIL, "password": PASSWORD}
    bare = await visitor.client.post("/sign-in", data=fields)
    assert bare.status_code == 403
    token = csrf_of((await visitor.see("/sign-in")).text)
    visitor.client.cookies.clear()
    foreign = await visitor.client.post("/sign-in", data={**fields, "csrf": token})
    assert foreign.status_code == 403
    assert (await visitor.see("/")).status_code == 303


async def test_every_page_asks_who_you_are(visitor: Person) -> None:
    assert len(ALL) > 25
    for method, path in ALL:
        answer = await visitor.client.request(method, filled(path), data={} if method == "POST" else None)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in")
        part = await visitor.client.request(method, filled(path), headers={"HX-Request": "true"})
        assert part.headers["hx-redirect"] == "/sign-in", path


async def test_no_form_without_its_token(ada: Person) -> None:
    token = csrf_of((await ada.see("/")).text)
    for path in [*(path for method, path in ALL if method == "POST"), "/sign-out", "/organisation"]:
        for fields in ({}, {"csrf": ""}, {"csrf": "é" * 64}, {"csrf": "0" * 64}):
            answer = await ada.client.post(filled(path), data=fields)
            assert answer.status_code == 403, path
            assert "was not made by your present session" in text_of(answer.text)
        foreign = await ada.client.post(filled(path), data={"csrf": token}, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403, path
    assert (await ada.see("/")).status_code == 200, "nothing was done"


async def test_a_form_larger_than_ours_is_refused(ada: Person) -> None:
    answer = await ada.client.post("/sign-out", data={"csrf": "x" * 70_000})
    assert answer.status_code == 403
    assert "larger than any of ours" in answer.text


async def test_after_signing_in_one_gets_where_one_wanted(visitor: Person) -> None:
    wanted = await visitor.see("/events?q=invoice.*")
    assert wanted.headers["location"] == "/sign-in?next=/events%3Fq%3Dinvoice.%2A"
    answer = await visitor.sign_in(next_page="/events?q=invoice.*")
    assert answer.headers["location"] == "/events?q=invoice.*"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/a\r\nSet-Cookie: a=b",
    ],
)
def test_and_nowhere_else(wanted: str) -> None:
    assert own_path(wanted) == "/"


async def test_another_organisation_of_mine(ada: Person) -> None:
    other = await ada.house.tenancy.create_organisation("Acme", "eve@example.com", PASSWORD)
    refused = await ada.send("/organisation", organisation=other.organisation_id)
    assert refused.status_code == 404
    async with ada.house.database.tenant(other.organisation_id) as tx:
        await tx.execute(
            "insert into memberships (organisation_id, user_id, role, created) values (%s, %s, 'VIEWER', now())",
            (other.organisation_id, ada.principal.actor_id),
        )
    assert "Acme" in text_of((await ada.see("/")).text)
    assert (await ada.send("/organisation", organisation=other.organisation_id)).status_code == 303
    page = text_of((await ada.see("/integrations")).text)
    assert "An administrator of your organisation can connect it." in page
    assert (await ada.see("/settings/api-keys")).status_code == 403


async def test_a_forgotten_password_in_the_browser(visitor: Person) -> None:
    assert "/forgot-password" in (await visitor.see("/sign-in")).text
    answers = []
    for email in (EMAIL, "nobody@example.com"):
        answer = await visitor.send("/forgot-password", seen="/forgot-password", email=email)
        assert answer.status_code == 200
        answers.append(text_of(answer.text).replace(email, "…"))
    assert answers[0] == answers[1], "nobody learns who signs in here"
    assert (await visitor.client.post("/forgot-password", data={"email": EMAIL})).status_code == 403
    link = (await visitor.house.resets.link(EMAIL, by="a test")).reveal()
    path = link.removeprefix("http://127.0.0.1:8420")
    page = await visitor.see(path)
    assert EMAIL in text_of(page.text)
    assert page.headers["referrer-policy"] == "no-referrer"
    short = await visitor.send(path, seen=path, password="short")
    assert short.status_code == 422
    done = await visitor.send(path, seen=path, password="another horse battery")
    assert done.headers["location"] == "/sign-in?done=password-reset"
    assert "Sign in with it" in text_of((await visitor.see(done.headers["location"])).text)
    assert (await visitor.see(path)).status_code == 404
    assert (await visitor.sign_in()).status_code == 403
    assert (await visitor.sign_in(password="another horse battery")).status_code == 303
    assert (await visitor.see("/settings/password")).status_code == 200
    wrong = await visitor.send("/settings/password", present="not it at all", password=PASSWORD)
    assert wrong.status_code == 422
    changed = await visitor.send("/settings/password", present="another horse battery", password=PASSWORD)
    assert changed.headers["location"] == "/settings/sessions?done=password-changed"
