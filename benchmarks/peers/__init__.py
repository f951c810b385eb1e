"""The programs that ``engagement`` races: each a script that does the whole job by itself."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PEERS = ("duckdb", "polars", "chdb", "pandas", "pyspark")
"""Peers by the name of their package and of their script here."""

FAST = ("duckdb", "polars", "chdb")
"""Peers that are quick enough for races over many sizes."""


def missing(peer: str) -> str:
    """Return why a peer cannot run here; empty if it can."""
    if find_spec(peer) is None:
        return f"{peer} is not installed"
    if peer == "pyspark" and shutil.which("java") is None:
        return "pyspark needs Java, and there is none"
    return ""


def command(peer: str, folder: Path, out: Path, jobs: int) -> tuple[str, ...]:
    """Return the command that sums the ``*.json`` of a folder into a CSV on some threads."""
    return (sys.executable, "-m", f"{__name__}.{peer}", str(folder), str(out), str(jobs))
