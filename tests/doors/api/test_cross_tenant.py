"""Every operation that the API serves × every credential that is not its organisation's: nothing is told or changed.

The operations are read from the served OpenAPI page, so a new route is tried as soon as it is there. A route whose
path names a thing needs one in `tests/doors/owned.py`: that its owner gets a 200 is what makes the others' 404 a proof.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.doors.owned import Owned, ids_of, own, rows_of, tables_of
from tests.sandbox.conftest import Sandbox
from tests.serving import serving
from tillwright.doors import api
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.wiring import House

METHODS = ("get", "post", "put", "patch", "delete")
REFUSED = {401, 403, 404}
# Operations outside /org/{orgId}: why they are open, and how they are tried.
OUTSIDE = {("POST", "/public/apiClient/accessToken"): "tried by test_a_token_of_another_organisation_is_not_given"}
# Operations of other methods than GET that a VIEWER may use, and why.
CHANGE_NOTHING = {
    ("POST", "/org/{orgId}/assistant/ask"): "a question",
    ("POST", "/org/{orgId}/v2/operation/list"): "a list, as published clients ask for it",
    ("POST", "/org/{orgId}/userIntegration/connect"): "everybody may connect a Stripe account of their own",
}
# What a path parameter may be when it names no row: the words of the API itself.
WORDS = {
    "partner": ["STRIPE"],
    "service": ["PAYMENT"],
    "scope": ["UPDATE.INTEGRATION"],
    "kind": ["WEBHOOK"],
    "entityType": ["INTEGRATION"],
    "objectType": ["customer"],
}
# Lists about one thing: about another's they are empty, as about none.
LISTS = {
    "/org/{orgId}/notificationEvent/{entityType}/{entityId}": "notificationEvents",
    "/org/{orgId}/stripeObject/{objectType}": "items",
}
# A path parameter that no route reads by itself: the table whose ids it is, and how they begin.
ROWS = {
    "invitationId": ("invitations", ""),
    "sessionId": ("sessions", ""),
    "approvalId": ("approvals", ""),
    "workflowId": ("workflow_hooks", "wfl"),
    "contactId": ("contacts", "con"),
    "userIntegrationId": ("connections", "con"),
    "walletId": ("mirror_objects", "pm_"),
    "objectId": ("mirror_objects", "cus_"),
    "stripeEventId": ("stripe_events", "evt_"),
}
# Columns that move when somebody is merely recognised.
MOVES = {"last_used", "seen"}
MOST_GUESSES = 400

Values = Mapping[str, Mapping[str, str]]
"""By path, what its parameters are to be."""


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    parameters: tuple[str, ...]
    body: Any
    query: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def at(self, organisation_id: str, values: Mapping[str, str]) -> str:
        filled = self.path.replace("{orgId}", organisation_id)
        for name, value in values.items():
            filled = filled.replace("{" + name + "}", httpx.URL(path="/" + value.replace("/", "%2F")).path[1:])
        return filled


def operations(page: dict[str, Any]) -> list[Operation]:
    """Every operation of an OpenAPI page, with its example body."""
    found: list[Operation] = []
    for path, methods in page["paths"].items():
        for method in METHODS:
            if method not in methods:
                continue
            names = tuple(name for name in re.findall(r"{(\w+)}", path) if name != "orgId")
            found.append(
                Operation(method.upper(), path, names, _example(page, methods[method]), _query(methods[method]))
            )
    return found


def _query(operation: dict[str, Any]) -> dict[str, str]:
    """The query parameters that must be there, by their examples."""
    wanted = [p for p in operation.get("parameters", ()) if p["in"] == "query" and p.get("required")]
    return {p["name"]: str((p["schema"].get("examples") or ["1"])[0]) for p in wanted}


def _example(page: dict[str, Any], operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    if "example" in content:
        return content["example"]
    if content.get("examples"):
        return next(iter(content["examples"].values()))["value"]
    schema = content["schema"]
    if "$ref" in schema:
        schema = page["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return (schema.get("examples") or [{}])[0]


@dataclass
class Meeting:
    """Two organisations that must not meet, before one server."""

    http: httpx.AsyncClient
    house: House
    victim: Owned
    stranger: Owned
    operations: list[Operation]
    guesses: dict[str, list[str]]

    async def ask(
        self, operation: Operation, organisation_id: str, values: Mapping[str, str], headers: Mapping[str, str]
    ) -> httpx.Response:
        body = _with_organisation(operation.body, organisation_id)
        path = operation.at(organisation_id, values)
        return await self.http.request(operation.method, path, json=body, params=operation.query, headers=dict(headers))

    async def strangers(self) -> dict[str, dict[str, str]]:
        """Every credential that is not the victim's, or is no longer."""
        house, victim, stranger = self.house, self.victim, self.stranger
        made: dict[str, dict[str, str]] = {"nothing": {}, "nonsense": {"Authorization": "Key twk_nonsense"}}
        for role in ("ADMIN", "VIEWER"):
            _, key = await house.tenancy.create_api_client(stranger.principal, role, role)
            made[f"another's {role}"] = {"Authorization": f"Key {key.reveal()}"}
        token, _ = await house.tenancy.exchange_key(stranger.organisation_id, stranger.client_id, stranger.key)
        made["another's token"] = {"Authorization": f"Bearer {token.reveal()}"}
        made["the right key under the wrong word"] = {"Authorization": f"Bearer {victim.key}"}
        made["a session's cookie"] = {"Cookie": f"tillwright_session={victim.secrets['session']}"}
        made["a session as a key"] = {"Authorization": f"Key {victim.secrets['session']}"}
        client, revoked = await house.tenancy.create_api_client(victim.principal, "Revoked", "ADMIN")
        ended, _ = await house.tenancy.exchange_key(victim.organisation_id, client.id, revoked.reveal())
        await house.tenancy.revoke_api_client(victim.principal, client.id)
        made["a revoked key"] = {"Authorization": f"Key {revoked.reveal()}"}
        made["a revoked key's token"] = {"Authorization": f"Bearer {ended.reveal()}"}
        return made


def _with_organisation(body: Any, organisation_id: str) -> Any:
    if isinstance(body, dict):
        return {
            name: organisation_id if name in ("organizationID", "organizationId", "orgId") else value
            for name, value in body.items()
        }
    return body


@asynccontextmanager
async def meeting(house: House, sandbox: Sandbox) -> AsyncIterator[Meeting]:
    victim = await own(house, sandbox, "Northwind")
    stranger = await own(house, sandbox, "Southwind", seeds=False)
    async with serving(Starlette(routes=list(api.routes(house)))) as http:
        page = (await http.get("/openapi.json")).json()
        yield Meeting(http, house, victim, stranger, operations(page), await ids_of(victim))


@pytest.fixture
async def met(house: House, stripe_sandbox: Sandbox) -> AsyncIterator[Meeting]:
    async with meeting(house, stripe_sandbox) as made:
        yield made


async def everything(owned: Owned) -> dict[str, list[str]]:
    """All rows of the organisation, to be compared."""
    kept: dict[str, list[str]] = {}
    for table in await tables_of(owned):
        rows = await rows_of(owned, table)
        kept[table] = sorted(repr({k: v for k, v in row.items() if k not in MOVES}) for row in rows)
    return kept


def candidates(met: Meeting, operation: Operation, known: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    """Values for the operation's parameters: those another route proved right first, then everything there is."""
    everything = list(dict.fromkeys(itertools.chain(*met.guesses.values())))
    choices = [known.get(name) or WORDS.get(name) or everything for name in operation.parameters]
    for values in itertools.islice(itertools.product(*choices), MOST_GUESSES):
        yield dict(zip(operation.parameters, values, strict=True))


async def proven(met: Meeting) -> tuple[dict[str, dict[str, str]], list[str]]:
    """By path, the values with which its owner gets a 200; and the paths for which nothing was found."""
    mine = {"Authorization": f"Key {met.victim.key}"}
    known = {
        name: [value for value in met.guesses.get(table, ()) if value.startswith(begins)]
        for name, (table, begins) in ROWS.items()
    }
    right: dict[str, dict[str, str]] = {}
    silent: list[str] = []
    reads = [o for o in met.operations if o.method == "GET" and o.parameters]
    for operation in sorted(reads, key=lambda o: (len(o.parameters), o.path)):
        for values in candidates(met, operation, known):
            if (await met.ask(operation, met.victim.organisation_id, values, mine)).status_code == 200:
                right[operation.path] = values
                for name, value in values.items():
                    known.setdefault(name, []).append(value)
                break
        else:
            silent.append(operation.path)
    known |= WORDS
    for operation in met.operations:
        if operation.path in right or operation.path in silent:
            continue
        if all(known.get(name) for name in operation.parameters):
            right[operation.path] = {name: known[name][0] for name in operation.parameters}
        else:
            silent.append(operation.path)
    return right, silent


async def test_tenants_do_not_meet(met: Meeting) -> None:
    right, silent = await proven(met)
    assert not silent, (
        "no row answers these routes with a 200 for their owner, so nothing would be proven of them; "
        f"make one in tests/doors/owned.py, or name its table in ROWS: {silent}"
    )
    strangers = await met.strangers()
    _, viewer = await met.house.tenancy.create_api_client(met.victim.principal, "Looks", "VIEWER")
    before = await everything(met.victim)
    wrong = [
        *await getting_in(met, right, strangers),
        *await reaching_over(met, right),
        *await naming_another(met),
        *await listing(met),
        *await only_looking(met, right, viewer),
    ]
    assert not wrong, "\n".join(wrong)
    assert await everything(met.victim) == before
    await the_owner_does_get_in(met, right)


async def getting_in(met: Meeting, right: Values, strangers: Mapping[str, dict[str, str]]) -> list[str]:
    """Every operation of the victim's organisation, asked for with every credential that is not its own."""
    asked, wrong = 0, []
    for operation in met.operations:
        if (operation.method, operation.path) in OUTSIDE:
            continue
        assert operation.path.startswith("/org/{orgId}"), f"{operation.name} stands outside: give it a row in OUTSIDE"
        for who, headers in strangers.items():
            answer = await met.ask(operation, met.victim.organisation_id, right[operation.path], headers)
            asked += 1
            if answer.status_code not in REFUSED or leaks(answer, met.victim):
                wrong.append(f"{operation.name} as {who}: {answer.status_code} {answer.text[:200]}")
    print(f"{len(met.operations)} operations × {len(strangers)} credentials: {asked} requests")
    return wrong


async def reaching_over(met: Meeting, right: Values) -> list[str]:
    """The victim's things, asked for in the stranger's own organisation with its own good key."""
    headers, wrong = {"Authorization": f"Key {met.stranger.key}"}, []
    for operation in met.operations:
        # A path of nothing but words of the API names no thing of anybody's.
        if set(operation.parameters) <= {"scope", "kind"}:
            continue
        answer = await met.ask(operation, met.stranger.organisation_id, right[operation.path], headers)
        empty = operation.path in LISTS and answer.status_code == 200 and answer.json()[LISTS[operation.path]] == []
        if not (empty or answer.status_code in REFUSED) or leaks(answer, met.victim):
            wrong.append(f"{operation.name} {right[operation.path]}: {answer.status_code} {answer.text[:200]}")
    return wrong


async def naming_another(met: Meeting) -> list[str]:
    """A body that names the victim's organisation, sent to the stranger's own."""
    headers, wrong = {"Authorization": f"Key {met.stranger.key}"}, []
    for operation in met.operations:
        body = _with_organisation(operation.body, met.victim.organisation_id)
        if operation.parameters or body == operation.body or (operation.method, operation.path) in OUTSIDE:
            continue
        path = operation.at(met.stranger.organisation_id, {})
        answer = await met.http.request(operation.method, path, json=body, headers=headers)
        if answer.status_code not in REFUSED | {400}:
            wrong.append(f"{operation.name} with another's organisation in its body: {answer.status_code}")
    return wrong


async def listing(met: Meeting) -> list[str]:
    """The stranger's own lists: they may be empty, and hold nothing of the victim's."""
    headers, wrong = {"Authorization": f"Key {met.stranger.key}"}, []
    for operation in met.operations:
        if operation.method != "GET" or operation.parameters:
            continue
        answer = await met.ask(operation, met.stranger.organisation_id, {}, headers)
        if answer.status_code >= 500 or leaks(answer, met.victim):
            wrong.append(f"{operation.name}: {answer.status_code} {leaks(answer, met.victim)}")
    return wrong


async def only_looking(met: Meeting, right: Values, viewer: Secret) -> list[str]:
    """Every operation that changes something, asked for by who may only look in the victim's own organisation."""
    headers, wrong = {"Authorization": f"Key {viewer.reveal()}"}, []
    for operation in met.operations:
        if operation.method == "GET" or (operation.method, operation.path) in {**OUTSIDE, **CHANGE_NOTHING}:
            continue
        answer = await met.ask(operation, met.victim.organisation_id, right[operation.path], headers)
        if answer.status_code != 403:
            wrong.append(f"{operation.name} as VIEWER: {answer.status_code} {answer.text[:200]}")
    return wrong


async def the_owner_does_get_in(met: Meeting, right: Values) -> None:
    """Seen to fail: the same questions with the owner's own key are answered, and say what must not leak."""
    mine = {"Authorization": f"Key {met.victim.key}"}
    reads = [o for o in met.operations if o.method == "GET" and o.parameters]
    statuses = [(await met.ask(o, met.victim.organisation_id, right[o.path], mine)).status_code for o in reads]
    assert set(statuses) == {200}
    answer = await met.http.get(f"/org/{met.victim.organisation_id}/user", headers=mine)
    assert leaks(answer, met.victim)


def leaks(answer: httpx.Response, owned: Owned) -> list[str]:
    """Words of the organisation's that an answer to somebody else must not hold."""
    return [
        word for word in (owned.principal.name, owned.email, owned.key, owned.sandbox.account) if word in answer.text
    ]


async def test_a_token_of_another_organisation_is_not_given(met: Meeting, clock: ManualClock) -> None:
    path = "/public/apiClient/accessToken"
    victim, stranger = met.victim, met.stranger
    for organisation, client, secret in itertools.product(
        (victim.organisation_id, stranger.organisation_id, "org_none"),
        (victim.client_id, stranger.client_id),
        (stranger.key, victim.secrets["session"], victim.key[:-1], ""),
    ):
        if (organisation, client, secret) == (stranger.organisation_id, stranger.client_id, stranger.key):
            continue
        answer = await met.http.post(path, json={"organizationID": organisation, "id": client, "secret": secret})
        assert answer.status_code == 401, answer.text
    clock.move(3601)
    token = victim.secrets["access token"]
    late = await met.http.get(f"/org/{victim.organisation_id}/user", headers={"Authorization": f"Bearer {token}"})
    assert late.status_code == 401
