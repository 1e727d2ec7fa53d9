"""The endpoints' only SQL, and the only place that seals and opens what signs their deliveries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.webhooks.model import Address, Endpoint
from tillwright.gateways.database import Tx
from tillwright.kit import ids
from tillwright.kit.errors import Invalid, Upstream
from tillwright.kit.seal import Seal, Secret

LEASE = timedelta(minutes=3)  # longer than a registration may take, with all its requests
OVERLAP = timedelta(hours=24)  # how long deliveries signed with the secret before are accepted
CHECK = timedelta(hours=6)  # how often an endpoint is looked at: somebody may have disabled or deleted it
_PARTNER = "STRIPE"


def purpose_of(livemode: bool, connect: bool) -> str:
    """What the secret of an endpoint is sealed for."""
    return f"{'connect_' if connect else ''}webhook_secret_{'live' if livemode else 'test'}"


async def addresses(tx: Tx, digests: Collection[str], seal: Seal, at: datetime) -> dict[str, Address | Upstream]:
    """Whose each token's address is; tokens nobody has are left out, a secret that does not open is an Upstream."""
    rows = await tx.execute("select * from webhook_endpoints_by_token(%s, %s)", (list(digests), at))
    found: dict[str, Address | Upstream] = {}
    async for row in rows:
        try:
            secret = seal.open(
                bytes(row["sealed_secret"]),
                organisation=row["organisation_id"],
                partner=_PARTNER,
                purpose=purpose_of(row["livemode"], row["connect"]),
            )
        except Invalid as error:
            # Not the sender's fault: Stripe shall keep the event and send it again.
            found[row["token_digest"]] = Upstream("webhook_secret_sealed", error.sentence, remedy=error.remedy)
            continue
        found[row["token_digest"]] = Address(
            row["organisation_id"], row["livemode"], row["account_id"], [secret], row["connect"]
        )
    return found


async def want(
    tx: Tx, organisation_id: str, livemode: bool, account_id: str | None, at: datetime, *, connect: bool = False
) -> None:
    """See that there is a row for the endpoint; one that is there stays, and is looked at again soon."""
    await tx.execute(
        "insert into webhook_endpoints (organisation_id, livemode, connect, id, state, account_id, next_at, created, "
        "updated) values (%s, %s, %s, %s, 'WANTED', %s, %s, %s, %s) on conflict (organisation_id, livemode, connect) "
        "do update set account_id = coalesce(excluded.account_id, webhook_endpoints.account_id), "
        "next_at = excluded.next_at",
        (organisation_id, livemode, connect, ids.new("hook"), account_id, at, at, at),
    )


async def renew(tx: Tx, organisation_id: str, livemode: bool, at: datetime) -> bool:
    """Ask for another secret in place of each in use; False if there is none in use."""
    done = await tx.execute(
        "update webhook_endpoints set renew = true, next_at = %s "
        "where organisation_id = %s and livemode = %s and state = 'ACTIVE'",
        (at, organisation_id, livemode),
    )
    return done.rowcount > 0


async def look_at_all(tx: Tx, organisation_id: str, at: datetime) -> None:
    """Look after each endpoint of the organisation now."""
    await tx.execute("update webhook_endpoints set next_at = %s where organisation_id = %s", (at, organisation_id))


async def organisations(tx: Tx, at: datetime) -> Sequence[str]:
    rows = await tx.execute("select organisation_id from organisations_with_endpoints_due(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def claim(
    tx: Tx, organisation_id: str, livemode: bool, lease: str, at: datetime, *, connect: bool = False
) -> Endpoint | None:
    """The row, held by this lease; None while another holds it. Counts the attempt."""
    rows = await tx.execute(
        "update webhook_endpoints set lease = %s, leased_until = %s, attempt = attempt + 1, updated = %s "
        "where organisation_id = %s and livemode = %s and connect = %s "
        "and (leased_until is null or leased_until <= %s) returning *",
        (lease, at + LEASE, at, organisation_id, livemode, connect, at),
    )
    row = await rows.fetchone()
    return _endpoint(row) if row else None


async def activate(
    tx: Tx,
    endpoint: Endpoint,
    lease: str,
    *,
    stripe_id: str,
    url: str,
    token: str,
    secret: Secret,
    seal: Seal,
    at: datetime,
) -> bool:
    """Keep what Stripe made, and the secret before it for a while; False if the lease ran out meanwhile."""
    sealed = seal.close(
        secret,
        organisation=endpoint.organisation_id,
        partner=_PARTNER,
        purpose=purpose_of(endpoint.livemode, endpoint.connect),
    )
    done = await tx.execute(
        "update webhook_endpoints set state = 'ACTIVE', stripe_id = %s, url = %s, "
        "earlier_digest = token_digest, earlier_sealed = sealed_secret, "
        "earlier_until = case when token_digest is null then null else %s::timestamptz end, "
        "token_digest = %s, sealed_secret = %s, renew = false, lease = null, leased_until = null, failures = 0, "
        # After a renewal the one before may still be at Stripe: look again as soon as the lease would be over.
        "error = null, next_at = case when renew then %s::timestamptz else %s::timestamptz end, updated = %s "
        "where organisation_id = %s and livemode = %s and connect = %s and lease = %s",
        (
            stripe_id, url, at + OVERLAP, ids.fingerprint(token), sealed, at + LEASE, at + CHECK, at,
            *endpoint.place, lease,
        ),
    )  # fmt: skip
    return done.rowcount == 1


async def keep(tx: Tx, endpoint: Endpoint, lease: str, *, url: str, token_digest: str, at: datetime) -> bool:
    """Stripe has it as it should be, at this address; its secret stays. False if the lease ran out."""
    done = await tx.execute(
        "update webhook_endpoints set url = %s, token_digest = %s, lease = null, leased_until = null, failures = 0, "
        "error = null, next_at = %s, updated = %s "
        "where organisation_id = %s and livemode = %s and connect = %s and lease = %s",
        (url, token_digest, at + CHECK, at, *endpoint.place, lease),
    )
    await tx.execute(
        "update webhook_endpoints set earlier_digest = null, earlier_sealed = null, earlier_until = null "
        "where organisation_id = %s and livemode = %s and connect = %s and earlier_until <= %s",
        (*endpoint.place, at),
    )
    return done.rowcount == 1


async def fail(tx: Tx, endpoint: Endpoint, lease: str, error: dict[str, Any], next_at: datetime) -> None:
    await tx.execute(
        "update webhook_endpoints set lease = null, leased_until = null, failures = failures + 1, error = %s, "
        "next_at = %s where organisation_id = %s and livemode = %s and connect = %s and lease = %s",
        (Jsonb(error), next_at, *endpoint.place, lease),
    )


async def all_of(tx: Tx, organisation_id: str) -> Sequence[Endpoint]:
    """The one for Connect behind the account's own."""
    rows = await tx.execute(
        "select * from webhook_endpoints where organisation_id = %s order by livemode, connect", (organisation_id,)
    )
    return [_endpoint(row) async for row in rows]


async def delete(tx: Tx, endpoint: Endpoint) -> None:
    """Overwrite the sealed secret, then drop the row: from now on nothing listens at its address."""
    where = "where organisation_id = %s and livemode = %s and connect = %s"
    values = endpoint.place
    await tx.execute(
        f"update webhook_endpoints set state = 'WANTED', sealed_secret = null, token_digest = null, "  # noqa: S608 - a constant
        f"earlier_sealed = null, earlier_digest = null {where}",
        values,
    )
    await tx.execute(f"delete from webhook_endpoints {where}", values)  # noqa: S608 - a constant


def _endpoint(row: dict[str, Any]) -> Endpoint:
    return Endpoint(
        row["organisation_id"], row["livemode"], row["id"], row["state"], row["account_id"], row["stripe_id"],
        row["url"], row["token_digest"], row["attempt"], row["failures"], row["error"], row["updated"],
        row["renew"], row["earlier_until"], row["connect"],
    )  # fmt: skip
