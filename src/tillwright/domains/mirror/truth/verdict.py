"""What the facts come to: everything that speaks against the mirror, all at once, the weightiest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tillwright.domains.mirror.coverage import Coverage
from tillwright.domains.mirror.proof.pace import REST, recent
from tillwright.domains.mirror.truth.model import Listed, Listening, Remark, Standing, Tone, Truth

_NAMED = 4  # types that a sentence names before it counts the others
_WORKER = "See that a worker runs; its own output, and tillwright doctor, say why it does not."
_AGAIN = "Press Read again, or run: tillwright mirror backfill"
_VERIFY = "Give the key that right at Stripe, then verify the connection."


def verdict(lists: Sequence[Listed], listening: Listening, now: datetime, *, livemode: bool) -> Truth:
    """Where that leaves the whole: right only if each list that can be read was read and lately proven."""
    readable = [row for row in lists if row.coverage not in (Coverage.DENIED, Coverage.NOT_OFFERED)]
    within = recent(sum(max(1, row.proof.proven_pages) for row in readable if row.proof))
    proofs = [(row.proof, row.proof.proven_at) for row in readable if row.proof and row.proof.proven_at]
    remarks = [
        *_wrong(lists),
        *_not_kept_up(lists, listening, now),
        *_not_known(lists, readable, now, within),
        *_mended(lists),
        *_limits(lists, listening),
    ]
    against = [remark for remark in remarks if not remark.note]
    drifted = any(row.proof and (row.proof.drifted or row.proof.unmended) for row in lists)
    standing = Standing.DRIFTED if drifted else Standing.NOT_KNOWN if against else Standing.RIGHT
    whole = against[0] if against else _right(remarks)
    return Truth(
        livemode, standing, whole.code, whole.tone, whole.title, whole.sentence, whole.remedy,
        tuple(each for each in remarks if each is not whole), tuple(lists), len(readable),
        sum(now - at <= within for _, at in proofs), sum(proof.proven_rows for proof, _ in proofs),
        min((at for _, at in proofs), default=None), within,
    )  # fmt: skip


def _right(notes: Sequence[Remark]) -> Remark:
    lacking = next((note for note in notes if note.code == "not_readable"), None)
    if lacking is not None:
        return Remark("right_but_not_whole", Tone.WARN, "Right, but not whole", "What the key may read is right.")
    sentence = "Every list was read and compared with Stripe lately, and nothing differs."
    return Remark("right", Tone.GOOD, "Your data is right", sentence)


def _wrong(lists: Sequence[Listed]) -> Iterable[Remark]:
    open_ = [row for row in lists if row.proof and row.proof.unmended]
    if open_:
        count = sum(row.proof.unmended for row in open_ if row.proof)
        yield Remark(
            "drift_open", Tone.BAD, "Some objects differ from Stripe",
            f"{_count(count, 'object')} of {_names(open_)} {'is' if count == 1 else 'are'} not as Stripe has "
            f"{'it' if count == 1 else 'them'}; each is marked and fetched again.",
        )  # fmt: skip


def _not_kept_up(lists: Sequence[Listed], listening: Listening, now: datetime) -> Iterable[Remark]:
    """Each of these lets the mirror fall behind, or leaves something of it that nobody can vouch for."""
    if listening.gap_open:
        yield Remark(
            "gap_open", Tone.WARN, "A gap is being closed",
            "Events were lost while nothing listened: every object is read again.",
        )  # fmt: skip
    for row in lists:
        if (right := _lost(row)) is not None:
            yield Remark(
                "right_lost", Tone.BAD, "A right was lost",
                f"{row.plural} can no longer be read, for the key lacks {right}: what is here is as of "
                f"{_when(row.read)}.", _VERIFY,
            )  # fmt: skip
    failed = [row for row in lists if row.coverage is Coverage.FAILED]
    for sentence, remedy, rows in _by_error((row, row.error) for row in failed):
        title = "Some lists could not be read"
        yield Remark("list_failed", Tone.BAD, title, f"{_names(rows)}: {sentence}", remedy or _AGAIN)
    broken = [(row, row.proof.error) for row in lists if row.proof and row.proof.error and _lost(row) is None]
    for sentence, remedy, rows in _by_error(broken):
        yield Remark(
            "proof_failed", Tone.WARN, "Some lists can't be compared just now", f"{_names(rows)}: {sentence}", remedy
        )
    if listening.poll_error is not None:
        sentence, remedy = _said(listening.poll_error)
        yield Remark("poll_failed", Tone.WARN, "Asking for events fails", sentence, remedy)
    if listening.failing:
        yield Remark(
            "events_failing", Tone.WARN, "Some events do not apply",
            f"{_count(listening.failing, 'event')} could not be applied and will be tried again; the objects they name "
            "may be behind.",
        )  # fmt: skip
    stuck = [row for row in lists if row.doubt and row.doubt.failing]
    for sentence, remedy, rows in _by_error((row, row.doubt.error if row.doubt else None) for row in stuck):
        count = sum(row.doubt.failing for row in rows if row.doubt)
        yield Remark(
            "doubt_failing", Tone.WARN, "Some objects in doubt can't be fetched",
            f"{_count(count, 'object')} of {_names(rows)} may not be as Stripe has them: {sentence}", remedy,
        )  # fmt: skip
    waiting = [row for row in lists if row.doubt and not row.doubt.failing and now - row.doubt.since > REST]
    if waiting:
        since = min(row.doubt.since for row in waiting if row.doubt)
        yield Remark(
            "doubt_waiting", Tone.WARN, "Some objects in doubt wait for long",
            f"Objects of {_names(waiting)} wait to be fetched again since {_when(since)}.", _WORKER,
        )  # fmt: skip


def _not_known(
    lists: Sequence[Listed], readable: Sequence[Listed], now: datetime, within: timedelta
) -> Iterable[Remark]:
    if not lists:
        yield Remark(
            "nothing_read", Tone.BUSY, "Nothing is read yet",
            "Connect Stripe and verify the connection; the first reading then begins by itself.",
        )  # fmt: skip
        return
    coming = [row for row in readable if row.coverage in (Coverage.READING, Coverage.NOT_YET)]
    if coming:
        yield Remark(
            "reading", Tone.BUSY, "Your data is being read",
            f"{len(lists) - len(coming)} of {_count(len(lists), 'list')} read; the rest is on its way.",
        )  # fmt: skip
    compared = [row for row in readable if row.proven_at]
    if len(compared) < len(readable):
        some = f"{len(compared)} of {_count(len(readable), 'list')} compared with Stripe so far"
        yield Remark(
            "not_proven", Tone.BUSY, "Read, and not all proven yet" if compared else "Read, and not proven yet",
            f"{some}; the others wait their turn." if compared
            else "Nothing was compared yet: the first comparison with Stripe begins within minutes.",
        )  # fmt: skip
    late = [(row.proven_at, row) for row in compared if row.proven_at and now - row.proven_at > within]
    if late:
        oldest = min(at for at, _ in late)
        yield Remark(
            "proof_old", Tone.WARN, "The proof is old",
            f"{_names([row for _, row in late])} not compared since {_when(oldest)} or soon after; at its pace each "
            f"list is compared again within {_span(within)}.", _WORKER,
        )  # fmt: skip
    # What Stripe's list leaves out anyway is asked for after each pass, and is no sign of anything.
    asked_for = sum(row.proof.asked_for for row in lists if row.proof and row.coverage is not Coverage.IN_PART)
    if asked_for:
        yield Remark(
            "asked_for", Tone.BUSY, "Some objects are asked for",
            f"{_count(asked_for, 'object')} {'is' if asked_for == 1 else 'are'} in no list of Stripe's any more; "
            "whether each is gone is being asked.",
        )  # fmt: skip


def _mended(lists: Sequence[Listed]) -> Iterable[Remark]:
    found = [row for row in lists if row.proof and row.proof.drifted]
    if found:
        count = sum(row.proof.drifted for row in found if row.proof)
        mended = "" if any(row.proof and row.proof.unmended for row in found) else " and mended"
        yield Remark(
            "drift_found", Tone.WARN, f"Drift was found{mended}",
            f"{_count(count, 'object')} of {_names(found)}, in the latest comparison; the next one shows whether all "
            "is well again.",
        )  # fmt: skip


def _limits(lists: Sequence[Listed], listening: Listening) -> Iterable[Remark]:
    if listening.gap_without:
        rows = [row for row in lists if row.object in listening.gap_without]
        yield Remark(
            "gap_without", Tone.WARN, "A gap is closed but for some lists",
            f"When events were lost, everything was read again but {_names(rows) or ', '.join(listening.gap_without)}.",
            _AGAIN,
        )  # fmt: skip
    denied = [row for row in lists if row.coverage is Coverage.DENIED and _lost(row) is None]
    if denied:
        rights = ", ".join(sorted({row.right for row in denied if row.right}))
        yield Remark(
            "not_readable", Tone.WARN, "The key may not read everything",
            f"It may not read {_names(denied)}{f': it lacks {rights}' if rights else ''}.", _VERIFY, note=True,
        )  # fmt: skip
    partly = [row for row in lists if row.coverage is Coverage.IN_PART]
    if partly:
        yield Remark(
            "in_part", Tone.WARN, "Stripe lists some types in part",
            f"{_names(partly)}: each type's own line says what its list has, and what brings the rest.", note=True,
        )  # fmt: skip


def _lost(row: Listed) -> str | None:
    """The right that the key had when the objects came, and has no more."""
    if row.coverage is Coverage.DENIED and row.proof is not None:  # only what was read once is ever compared
        return row.right or "a right"
    return None


def _by_error(
    rows: Iterable[tuple[Listed, dict[str, Any] | None]],
) -> Iterable[tuple[str, str | None, list[Listed]]]:
    """One sentence and remedy for all types that failed alike."""
    found: dict[tuple[str, str | None], list[Listed]] = {}
    for row, error in rows:
        found.setdefault(_said(error), []).append(row)
    for (sentence, remedy), alike in found.items():
        yield sentence, remedy, alike


def _said(error: dict[str, Any] | None) -> tuple[str, str | None]:
    said = error or {}
    return str(said.get("sentence") or "Nobody knows why."), said.get("remedy") or None


def _names(rows: Sequence[Listed]) -> str:
    names = [row.plural for row in rows]
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: _NAMED - 1])} and {len(names) - _NAMED + 1} more lists"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def _when(at: datetime | None) -> str:
    return f"{at.day} {at:%b %Y, %H:%M} UTC" if at else "an unknown time"


def _span(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
