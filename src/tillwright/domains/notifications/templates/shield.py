"""Keeps what data says from being read as markup: its marks travel under other names until they are shown."""

from __future__ import annotations

import re

# Private-use characters stand for the marks; data that holds one of them loses it, and so can't pretend to be shielded.
_MARKS = "*[]()|#-"
_HIDDEN = {ord(mark): 0xE000 + number for number, mark in enumerate(_MARKS)}
_SHOWN = {hidden: mark for mark, hidden in _HIDDEN.items()}
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\u2028\u2029\ufeff\ufffe\uffff]")


def shield(text: str) -> str:
    """One line of plain words, whatever came."""
    return " ".join(_NOT_TEXT.sub("", text).split()).translate(_HIDDEN)


def unshield(text: str) -> str:
    """As people read it."""
    return text.translate(_SHOWN)


def plain(text: str) -> str:
    """A template's own text without what no mail may hold; its lines stay."""
    return _NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
