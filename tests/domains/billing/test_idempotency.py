"""Keys are pure functions of the intent, and of nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillwright.domains.billing import effect_id, key
from tillwright.kit.errors import Invalid

NAME = st.text(min_size=1, max_size=20)


def test_the_key_of_an_intent_never_changes() -> None:
    # Written down on purpose: another key for a recorded intent would double its effect.
    assert key("org_1", "run_1", "coupon", 1) == "tw_rs8smazsmvt77an5ytfdxytsf2fbsqnm"
    assert effect_id("org_1", "run_1", "coupon", 1) == "fx_f1cs754pram749hf54v12hctvvkwnheq"


@given(NAME, NAME, NAME, st.integers(1, 9), NAME, NAME, NAME, st.integers(1, 9))
def test_two_intents_never_share_a_key(a: str, b: str, c: str, n: int, d: str, e: str, f: str, m: int) -> None:
    assert (key(a, b, c, n) == key(d, e, f, m)) is ((a, b, c, n) == (d, e, f, m))


def test_neighbours_do_not_run_into_each_other() -> None:
    names = [("o", "r", "s", 1), ("or", "", "s", 1), ("o", "rs", "", 1), ("o", "r", "s1", 1), ("o", "r", "s", 11)]
    assert len({key(*(part or "-" for part in name[:3]), name[3]) for name in names}) == len(names)


def test_a_key_fits_stripes_and_our_limits() -> None:
    assert len(key("o" * 500, "r" * 500, "s" * 500, 10**9)) == 35
    assert len(effect_id("o", "r", "s", 1)) <= 36


@pytest.mark.parametrize("attempt", [0, -1, True, 1.0, "1"])
def test_an_attempt_is_a_whole_number_from_one(attempt: object) -> None:
    with pytest.raises(Invalid):
        key("o", "r", "s", attempt)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [("", "r", "s"), ("o", "", "s"), ("o", "r", "")])
def test_an_intent_is_named_in_full(name: tuple[str, str, str]) -> None:
    with pytest.raises(Invalid):
        key(*name, 1)
