"""Sealed values open only where they belong, and a Secret never shows."""

from __future__ import annotations

import json
import logging
import multiprocessing
import pickle
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillwright.kit.errors import Invalid
from tillwright.kit.seal import MasterKey, Seal, Secret

CANARY = "canary-4242-value"
BOUND = {"organisation": "org_1", "partner": "STRIPE", "purpose": "secret_key"}


def key(letter: str) -> MasterKey:
    return MasterKey.parse(letter * 43)


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    seal = Seal([key("A")])
    assert seal.open(seal.close(Secret(text), **BOUND), **BOUND).reveal() == text


@pytest.mark.parametrize("changed", BOUND)
def test_a_blob_moved_to_another_place_does_not_open(changed: str) -> None:
    seal = Seal([key("A")])
    blob = seal.close(Secret(CANARY), **BOUND)
    with pytest.raises(Invalid) as caught:
        seal.open(blob, **(BOUND | {changed: "other"}))
    assert caught.value.code == "seal_broken"


def test_parts_are_not_confused_by_their_borders() -> None:
    seal = Seal([key("A")])
    blob = seal.close(Secret(CANARY), organisation="ab", partner="c", purpose="d")
    with pytest.raises(Invalid):
        seal.open(blob, organisation="a", partner="bc", purpose="d")


def test_every_changed_byte_is_noticed() -> None:
    seal = Seal([key("A")])
    blob = seal.close(Secret("x"), **BOUND)
    for at in range(len(blob)):
        with pytest.raises(Invalid):
            seal.open(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :], **BOUND)
    for length in range(len(blob)):
        with pytest.raises(Invalid):
            seal.open(blob[:length], **BOUND)


def test_two_seals_of_one_text_share_nothing() -> None:
    seal = Seal([key("A")])
    one, two = (seal.close(Secret(CANARY), **BOUND) for _ in range(2))
    assert one[9:] != two[9:]
    assert CANARY.encode() not in one


def test_an_old_master_key_still_opens_and_is_told_apart() -> None:
    blob = Seal([key("A")]).close(Secret(CANARY), **BOUND)
    rotated = Seal([key("E"), key("A")])
    assert rotated.open(blob, **BOUND).reveal() == CANARY
    assert not rotated.seals_with(blob)
    assert rotated.seals_with(rotated.close(Secret("x"), **BOUND))
    with pytest.raises(Invalid) as caught:
        Seal([key("E")]).open(blob, **BOUND)
    assert caught.value.code == "seal_unknown_key"


def test_a_secret_shows_in_no_text(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY)
    logging.getLogger("test").warning("%s %r", secret, {"deep": [secret]})
    try:
        raise ValueError(secret)
    except ValueError:
        trace = traceback.format_exc()
    texts = [str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", "%s" % secret, trace, caplog.text]  # noqa: UP031
    assert not any(CANARY in text for text in texts)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps({"key": secret})


def test_the_key_file_is_private_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    first = MasterKey.in_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert MasterKey.in_file(path).id == first.id
    assert [p.name for p in path.parent.iterdir()] == ["master.key"]
    path.chmod(0o644)
    with pytest.raises(Invalid) as caught:
        MasterKey.in_file(path)
    assert "chmod 600" in (caught.value.remedy or "")


def _read_id(path: Path) -> bytes:
    return MasterKey.in_file(path).id


def test_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(_read_id, [tmp_path / "k" / "master.key"] * 8))) == 1


@pytest.mark.parametrize("text", ["", "short", "A" * 42, "A" * 44, "ä" * 43, "!" * 43])
def test_a_malformed_master_key_says_how_to_make_one(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        MasterKey.parse(text)
    assert "token_urlsafe(32)" in (caught.value.remedy or "")
