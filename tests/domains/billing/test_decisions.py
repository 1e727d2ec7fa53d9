"""The pure decisions: marks, states after a failure, secrets cut out, requests compared."""

from __future__ import annotations

import pytest

from tillwright.domains.billing import marking
from tillwright.domains.billing.redaction import without_secrets
from tillwright.domains.billing.sameness import as_stored
from tillwright.domains.billing.verdict import after_failure
from tillwright.gateways.stripe import translate
from tillwright.kit.errors import Invalid


def test_what_makes_an_object_is_marked_as_its_maker() -> None:
    params = marking.marked("POST", "/v1/coupons", {"metadata": {"a": "b"}, "name": "x"}, "fx_1")
    assert params == {"name": "x", "metadata": {"a": "b", "tillwright_operation": "fx_1"}}


def test_a_change_does_not_wipe_the_maker_s_mark() -> None:
    params = marking.marked("POST", "/v1/customers/cus_1", {"metadata": ""}, "fx_2")
    assert params == {"metadata": {"tillwright_change": "fx_2"}}


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/invoices/in_1/pay"), ("DELETE", "/v1/coupons/x")])
def test_what_takes_no_metadata_is_sent_as_it_is(method: str, path: str) -> None:
    assert marking.marked(method, path, {"a": 1}, "fx_1") == {"a": 1}


@pytest.mark.parametrize("metadata", [{"tillwright_operation": "x"}, {"tillwright_change": "x"}, "text", ["a"], 5])
def test_our_names_in_metadata_are_refused(metadata: object) -> None:
    with pytest.raises(Invalid):
        marking.marked("POST", "/v1/coupons", {"metadata": metadata}, "fx_1")


def failure(status: int | None, tries: int = 1):
    made = translate.unreachable("reset") if status is None else translate.failure(status, {}, b"{}")
    made.tries = tries
    return made


@pytest.mark.parametrize(
    ("status", "method", "doubtful", "tries", "state"),
    [
        (400, "POST", False, 1, "REFUSED"),
        (402, "POST", True, 1, "REFUSED"),
        (404, "POST", False, 1, "REFUSED"),
        (401, "POST", False, 1, "REFUSED"),
        (401, "POST", True, 1, "UNKNOWN"),
        (403, "POST", True, 1, "UNKNOWN"),
        (429, "POST", False, 1, "PENDING"),
        (429, "POST", True, 1, "UNKNOWN"),
        (409, "POST", False, 1, "PENDING"),
        (409, "POST", True, 1, "UNKNOWN"),
        (500, "POST", False, 1, "UNKNOWN"),
        (None, "POST", False, 1, "UNKNOWN"),
        (404, "DELETE", False, 1, "REFUSED"),
        (404, "DELETE", False, 2, "DONE"),
        (404, "DELETE", True, 1, "DONE"),
        (400, "DELETE", True, 1, "REFUSED"),
    ],
)
def test_the_state_a_failure_leads_to(status: int | None, method: str, doubtful: bool, tries: int, state: str) -> None:
    assert after_failure(failure(status, tries), method=method, doubtful=doubtful) == state


def test_secrets_are_cut_out_at_every_depth() -> None:
    answer = {"id": "we_1", "secret": "whsec_x", "a": [{"client_secret": "pi_secret"}], "secret_ref": 1, "b": None}
    assert without_secrets(answer) == {
        "id": "we_1",
        "secret": "(cut out)",
        "a": [{"client_secret": "(cut out)"}],
        "secret_ref": 1,
        "b": None,
    }


@pytest.mark.parametrize("params", [{"a": object()}, {"a": "nul\x00"}, {"a\x00": 1}, {1: 2}])
def test_what_is_no_plain_data_is_refused(params: dict) -> None:
    with pytest.raises(Invalid):
        as_stored(params)
