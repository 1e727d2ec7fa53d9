"""The two shapes of lists that published clients know: a bare array with limit and offset, and `/query` pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

Item = TypeVar("Item")


@dataclass(frozen=True)
class Slice:
    """What a bare array is cut by."""

    limit: int
    offset: int


def _slice(
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many items.")] = 1000,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000, description="Leave out so many items first.")] = 0,
) -> Slice:
    return Slice(limit, offset)


@dataclass(frozen=True)
class Asked:
    """What a `/query` list is asked: `q` and `s` are for `kit.query`; pages count from 1."""

    q: str | None
    s: str | None
    page_number: int
    page_size: int

    @property
    def slice(self) -> Slice:
        return Slice(self.page_size, (self.page_number - 1) * self.page_size)


def _asked(
    q: Annotated[
        str | None, Query(description='A filter, e.g. `(and (= status "ACTIVE") (ilike name "acme"))`.')
    ] = None,
    s: Annotated[str | None, Query(description="A sort, e.g. `creation_time:desc,name`.")] = None,
    page_number: Annotated[int, Query(ge=1, le=1_000_000, description="From 1.")] = 1,
    page_size: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> Asked:
    return Asked(q, s, page_number, page_size)


def _with_example(schema: dict[str, Any], page: type[BaseModel]) -> None:
    """A page of one: the example that its items have themselves."""
    items = page.__pydantic_generic_metadata__["args"]
    extra = items[0].model_config.get("json_schema_extra") if items and hasattr(items[0], "model_config") else None
    if isinstance(extra, dict) and extra.get("examples"):
        example = {"data": extra["examples"], "page_number": 1, "page_size": 20, "total_count": 1}
        schema["examples"] = [example]


class QueryPage(BaseModel, Generic[Item]):
    """One page of a `/query` list; `total_count` counts all that the filter finds."""

    model_config = ConfigDict(json_schema_extra=_with_example)

    data: list[Item]
    page_number: int
    page_size: int
    total_count: int

    @classmethod
    def of(cls, asked: Asked, data: Sequence[Item], total: int) -> QueryPage[Item]:
        return cls(data=list(data), page_number=asked.page_number, page_size=asked.page_size, total_count=total)


ListSlice = Annotated[Slice, Depends(_slice)]
ListQuery = Annotated[Asked, Depends(_asked)]
