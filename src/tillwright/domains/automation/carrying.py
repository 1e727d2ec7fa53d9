"""Which carrier carries out which kind of request: the files of `carriers/`, by the value each takes."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol, cast

from tillwright.domains.automation import carriers
from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.requests import Request


class Carrier(Protocol):
    """A file of `carriers/`."""

    REQUEST: type[Any]
    READS: bool

    async def carry(self, parts: Parts, errand: Errand, request: Any) -> Carried:
        """Carry it out, or go on with what was begun; the same errand never has a second effect.

        Raises:
            TillwrightError: of the family upstream if asking again later can help, any other if it cannot.
        """
        ...


@lru_cache(maxsize=1)
def carriers_by_request() -> Mapping[type[Any], Carrier]:
    """Every carrier there is."""
    names = (entry.name for entry in pkgutil.iter_modules(carriers.__path__))
    files = (cast("Carrier", importlib.import_module(f"{carriers.__name__}.{name}")) for name in names)
    return {file.REQUEST: file for file in files}


def carrier_of(request: Request) -> Carrier:
    """Who carries this request out."""
    return carriers_by_request()[type(request)]
