"""Run programs in turns and take what each costs.

Standard library only: Linux counts the memory of the process that starts a program into the peak
of the program, so this one has to stay small.
"""

from __future__ import annotations

import csv
import filecmp
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
"""Where programs are started: ``python -m benchmarks...`` is found from here."""

CORES = tuple(sorted(os.sched_getaffinity(0)))
"""The cores that this process was given."""


class RunError(Exception):
    """A program failed, or two programs do not agree; the message says which and how."""


@dataclass(frozen=True, slots=True)
class Program:
    """Something to run.

    Attributes:
        name: What the report calls it.
        command: The program and its arguments.
        output: The table it writes, if it is to be compared.
        prepare: Called before each run, outside the time taken.
        adds_columns: Whether it writes further columns behind those that are compared.
        finish: Called after each run, outside the time taken.
        tells: Whether it prints its own cost, as JSON on its last line; the rest is not counted.
    """

    name: str
    command: tuple[str, ...]
    output: Path | None = None
    prepare: Callable[[], object] | None = None
    adds_columns: bool = False
    finish: Callable[[], object] | None = None
    tells: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost.

    Attributes:
        wall: Seconds from start to end.
        cpu: Seconds of all threads in user and in system mode.
        peak: Bytes of the largest resident set; of several processes, that of the largest.
    """

    wall: float
    cpu: float
    peak: int


def confine(cores: int) -> None:
    """Keep this process, and every one that it starts from now on, to so many cores."""
    os.sched_setaffinity(0, CORES[:cores])


def run(program: Program) -> Cost:
    """Run a program to its end.

    Raises:
        RunError: It failed.
    """
    if program.prepare:
        program.prepare()
    os.sync()  # or a program that makes its own output durable would write that of others as well
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        with subprocess.Popen(
            program.command,
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        ) as process:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        last = _last_line(said) if process.returncode or program.tells else ""
    if process.returncode:
        raise RunError(f"{program.name} ended with {process.returncode}: {last}")
    if program.finish:
        program.finish()
    if program.tells:
        return Cost(**json.loads(last))
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _environment() -> dict[str, str]:
    """That of this process, but that Python keeps bytecode: an installed program has it."""
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _last_line(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode(errors="replace").strip().rpartition("\n")[2]


def run_pairs(
    base: Program, other: Program, *, runs: int, budget: float
) -> tuple[tuple[Cost, Cost], ...]:
    """Run two programs in turns, base first, and compare what they wrote.

    Args:
        base: The first of each pair.
        other: The second.
        runs: So many pairs at most.
        budget: No new pair is begun after so many seconds; there is always one.

    Raises:
        RunError: One failed, or their outputs are not the same table.
    """
    pairs: list[tuple[Cost, Cost]] = []
    end = time.monotonic() + budget
    while len(pairs) < runs and not (pairs and time.monotonic() > end):
        pairs.append((run(base), run(other)))
        if base.output and other.output:
            same = begins_with if other.adds_columns else same_table
            if not same(other.output, base.output):
                raise RunError(f"{base.name} and {other.name} do not give the same table")
    return tuple(pairs)


def same_table(one: Path, two: Path) -> bool:
    """Whether two CSV files hold the same header and rows in the same order, however quoted."""
    if filecmp.cmp(one, two, shallow=False):
        return True
    with one.open(encoding="utf-8", newline="") as a, two.open(encoding="utf-8", newline="") as b:
        return all(x == y for x, y in zip_longest(csv.reader(a), csv.reader(b)))


def begins_with(wide: Path, narrow: Path) -> bool:
    """Whether one CSV file is another with further columns behind those of each row."""
    with (
        wide.open(encoding="utf-8", newline="") as a,
        narrow.open(encoding="utf-8", newline="") as b,
    ):
        rows = zip_longest(csv.reader(a), csv.reader(b), fillvalue=())
        return all(row and len(x) > len(row) and [*x[: len(row)]] == [*row] for x, row in rows)
