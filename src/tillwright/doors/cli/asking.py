"""Secrets are asked for, and never an option: options are in the shell's history and in the list of processes."""

from __future__ import annotations

import sys

import typer

from tillwright.kit.seal import Secret


def ask_secret(what: str) -> Secret:
    """Typed without being shown, or the next line of standard input where there is no terminal."""
    if sys.stdin.isatty():
        return Secret(typer.prompt(what, hide_input=True))
    return Secret(sys.stdin.readline().rstrip("\n"))
