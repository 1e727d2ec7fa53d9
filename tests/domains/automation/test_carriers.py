"""Carriers: one a kind of request, found by the value it takes."""

from __future__ import annotations

from tillwright.domains.automation import requests
from tillwright.domains.automation.carrying import carriers_by_request


def test_every_kind_of_request_has_a_carrier_and_every_carrier_a_kind() -> None:
    kinds = {
        kind
        for kind in vars(requests).values()
        if isinstance(kind, type) and kind is not requests.Request and kind.__module__ == requests.__name__
    }
    assert set(carriers_by_request()) == kinds
