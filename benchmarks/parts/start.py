"""What it costs to start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks import data
from benchmarks.measure import Program

if TYPE_CHECKING:
    from benchmarks.bench import Bench

PART = "start"

_LINES = 1000
_TIMES = 4  # as many runs as elsewhere: each is short


def start(bench: Bench) -> None:
    """Race help and the table against an empty Python, a small file against the imports."""
    nothing = Program("python -c pass", (sys.executable, "-c", "pass"))
    for words in ("--help", "categories list"):
        told = bench.engagement(*words.split(), name=f"engagement {words}")
        bench.race(PART, "no input", nothing, told, times=_TIMES)
    code = "import pandas, pyarrow"
    imports = Program(f"python -c '{code}'", (sys.executable, "-c", code))
    with data.scratch(bench.settings.cache) as folder:
        logs = data.make(data.Logs(1, _LINES), folder / "logs")
        small = bench.cold(logs, name="engagement run")
        bench.race(PART, f"{_LINES:,} lines", imports, small, times=_TIMES)
