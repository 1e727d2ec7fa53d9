"""What purchases grant, over HTTP."""

from __future__ import annotations

from tests.doors.api.test_integration import Api
from tests.doors.api.test_integration import call as call
from tests.doors.api.test_integration import keys as keys

PATH = "/purchaseTerm"


async def test_set_list_get_delete(call: Api, keys: dict[str, str]) -> None:
    everything = {"objectId": None, "term": "p1y"}
    assert (await call("POST", PATH, everything)).json()["code"] == "integration_absent"
    assert (await call("GET", PATH)).json() == []
    await call("POST", "/integration", call.body(**keys))
    made = (await call("POST", PATH, everything)).json()
    assert (made["term"], made["objectId"], made["appliesFrom"], made["livemode"]) == ("P1Y", None, None, False)
    later = (await call("POST", PATH, {**everything, "term": None, "appliesFrom": "2027-06-01"})).json()
    assert (later["term"], later["appliesFrom"]) == (None, "2027-06-01T00:00:00Z")
    assert (await call("GET", PATH)).json() == [later, made]
    assert (await call("GET", f"{PATH}/{made['id']}")).json() == made
    for body, field in (
        ({"term": "P1Y"}, "objectId"),
        ({"objectId": None}, "term"),
        ({"objectId": None, "term": "a year"}, "term"),
        ({"objectId": "prod_none", "term": "P1Y"}, "objectId"),
        ({**everything, "appliesFrom": "soon"}, "appliesFrom"),
    ):
        refused = await call("POST", PATH, body)
        assert refused.status_code in (400, 422), body
        assert field in refused.text
    gone = await call("DELETE", f"{PATH}/{made['id']}")
    assert (gone.status_code, gone.json()) == (200, "")
    assert (await call("DELETE", f"{PATH}/{made['id']}")).status_code == 404
