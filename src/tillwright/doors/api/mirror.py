"""Is the mirror right? What is known of each type of Stripe's objects, and everything that speaks against it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.mirror.coverage import Coverage
from tillwright.domains.mirror.truth.model import Listed, Standing, Truth
from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Stripe objects"])
_TYPE: dict[str, JsonValue] = {
    "objectType": "customer",
    "name": "Customers",
    "coverage": "COMPLETE",
    "right": None,
    "leavesOut": None,
    "count": 1204,
    "deletedCount": 3,
    "newestObjectTime": "2027-01-15T11:58:00Z",
    "lastEventTime": "2027-01-15T11:58:02Z",
    "lastReadTime": "2027-01-15T11:20:00Z",
    "provenTime": "2027-01-15T11:20:00Z",
    "checkedCount": 1204,
    "driftCount": 0,
    "openDriftCount": 0,
    "doubtCount": 0,
    "stuckDoubtCount": 0,
}
_MIRROR: dict[str, JsonValue] = {
    "livemode": False,
    "standing": "NOT_KNOWN",
    "code": "not_proven",
    "title": "Read, and not all proven yet",
    "sentence": "12 of 71 lists compared with Stripe so far; the others wait their turn.",
    "remedy": None,
    "remarks": [],
    "readableListCount": 71,
    "provenListCount": 12,
    "checkedCount": 1204,
    "oldestProofTime": "2027-01-15T11:20:00Z",
    "provenWithinSeconds": 7344,
    "types": [_TYPE],
}


class MirrorRemark(BaseModel):
    """One more thing that speaks against the mirror, and what to do."""

    code: str
    title: str
    sentence: str
    remedy: str | None


class MirrorType(BaseModel):
    """`right` is what the key lacks; `leavesOut` what Stripe's list does not have, for the coverage IN_PART.

    Drift is of the latest comparison; doubts are objects that are fetched again, stuck ones those that can't be.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_TYPE]})

    objectType: str  # noqa: N815
    name: str
    coverage: Coverage
    right: str | None
    leavesOut: str | None  # noqa: N815
    count: int
    deletedCount: int  # noqa: N815
    newestObjectTime: datetime | None  # noqa: N815
    lastEventTime: datetime | None  # noqa: N815
    lastReadTime: datetime | None  # noqa: N815
    provenTime: datetime | None  # noqa: N815
    checkedCount: int  # noqa: N815
    driftCount: int  # noqa: N815
    openDriftCount: int  # noqa: N815
    doubtCount: int  # noqa: N815
    stuckDoubtCount: int  # noqa: N815


class MirrorEntity(BaseModel):
    """`standing`: RIGHT; DRIFTED, where the latest comparison found drift; or NOT_KNOWN.

    A list is proven if it was compared to its end within `provenWithinSeconds`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_MIRROR]})

    livemode: bool
    standing: Standing
    code: str
    title: str
    sentence: str
    remedy: str | None
    remarks: list[MirrorRemark]
    readableListCount: int  # noqa: N815
    provenListCount: int  # noqa: N815
    checkedCount: int  # noqa: N815
    oldestProofTime: datetime | None  # noqa: N815
    provenWithinSeconds: int  # noqa: N815
    types: list[MirrorType]


@router.get("/mirror", summary="Is the mirror right?", operation_id="getMirror")
async def get_mirror(caller: Caller, house: TheHouse) -> MirrorEntity:
    """Of the connected mode: right only if each list that the key may read was read and lately proven."""
    return _entity(await house.webhooks.truth(caller))


def _entity(truth: Truth) -> MirrorEntity:
    return MirrorEntity(
        livemode=truth.livemode,
        standing=truth.standing,
        code=truth.code,
        title=truth.title,
        sentence=truth.sentence,
        remedy=truth.remedy,
        remarks=[
            MirrorRemark(code=each.code, title=each.title, sentence=each.sentence, remedy=each.remedy)
            for each in truth.remarks
        ],
        readableListCount=truth.readable,
        provenListCount=truth.proven,
        checkedCount=truth.rows,
        oldestProofTime=truth.oldest,
        provenWithinSeconds=round(truth.within.total_seconds()),
        types=[_type(row) for row in truth.lists],
    )


def _type(row: Listed) -> MirrorType:
    return MirrorType(
        objectType=row.object,
        name=row.plural,
        coverage=row.coverage,
        right=row.right,
        leavesOut=row.part,
        count=row.present,
        deletedCount=row.deleted,
        newestObjectTime=row.fresh.newest,
        lastEventTime=row.fresh.heard,
        lastReadTime=row.read,
        provenTime=row.proven_at,
        checkedCount=row.proof.proven_rows if row.proof else 0,
        driftCount=row.proof.drifted if row.proof else 0,
        openDriftCount=row.proof.unmended if row.proof else 0,
        doubtCount=row.doubt.waiting if row.doubt else 0,
        stuckDoubtCount=row.doubt.failing if row.doubt else 0,
    )
