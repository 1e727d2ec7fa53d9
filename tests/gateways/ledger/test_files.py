"""The ledger's files: added to by many at once, whole after a crash, closed to others."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from tillwright.gateways.ledger import Ledger


def test_nothing_noted_is_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "keys")
    assert (list(ledger.deletions()), ledger.heads()) == ([], {})


def test_a_deletion_is_noted_once_and_stays(tmp_path: Path) -> None:
    Ledger(tmp_path).note_deletions([{"id": "1"}, {"id": "2"}])
    Ledger(tmp_path).note_deletions([{"id": "2"}, {"id": "3"}])
    assert [each["id"] for each in Ledger(tmp_path).deletions()] == ["1", "2", "3"]
    assert (tmp_path / "deletions.jsonl").stat().st_mode & 0o077 == 0


def test_a_line_cut_off_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.note_deletions([{"id": "1"}])
    with (tmp_path / "deletions.jsonl").open("ab") as file:
        file.write(b'{"id": "2", "at')
    ledger.note_deletions([{"id": "2"}, {"id": "3"}])
    assert [each["id"] for each in ledger.deletions()] == ["1", "2", "3"]


def test_a_head_only_moves_on(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.note_heads({"org_1": (5, "five"), "org_2": (1, "one")})
    ledger.note_heads({"org_1": (3, "three"), "org_2": (2, "two")})
    assert ledger.heads() == {"org_1": (5, "five"), "org_2": (2, "two")}


def _note(given: tuple[str, int]) -> None:
    folder, number = given
    for n in range(20):
        Ledger(Path(folder)).note_deletions([{"id": f"{number}-{n}"}])
        Ledger(Path(folder)).note_heads({f"org_{number}": (n, "x")})


def test_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.map(_note, [(str(tmp_path), number) for number in range(3)])
    assert len(Ledger(tmp_path).deletions()) == 60
    assert Ledger(tmp_path).heads() == {f"org_{n}": (19, "x") for n in range(3)}
