"""The parts of the benchmark, in the order of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.parts import cold, features, growth, inputs, sql, start, warm

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the benchmark.

    Attributes:
        name: What the command line calls it.
        title: What the report calls it.
        text: What the report says before its table.
        run: Runs its races.
    """

    name: str
    title: str
    text: str
    run: Callable[[Bench], None]


PARTS = (
    Part(
        cold.PART,
        "The whole job",
        "A folder of days into one CSV, every file read. `ratio` is the time of a program over "
        "that of `engagement` in the same pair of runs.",
        cold.days,
    ),
    Part(
        warm.PART,
        "A new day folded into a month",
        "`engagement` has all days but the last in its state; the peers read all again.",
        warm.fold,
    ),
    Part(
        features.PART,
        "Derived columns",
        "All days are in the state, and are exported without and with every feature that a state "
        "can tell. `ratio` is the time over that of the export without.",
        features.features,
    ),
    Part(
        growth.CONTRACTS,
        "More contracts",
        "As many lines each time, in one file, spread over more and more contracts.",
        growth.contracts,
    ),
    Part(
        growth.JOBS,
        "More threads",
        "The same files on more and more cores, each program with as many threads as cores.",
        growth.jobs,
    ),
    Part(
        growth.FILE,
        "One big file",
        "The days joined into one file; `a file a day` is `engagement` on the same days apart.",
        growth.one_file,
    ),
    Part(
        inputs.COMPRESSED,
        "Compressed files",
        "Beside the time that only unpacking takes, on one core. Throughput counts unpacked bytes.",
        inputs.compressed,
    ),
    Part(
        inputs.SHAPES,
        "Other shapes",
        "The same hits laid out in other ways. `ratio` is the time over that of the plain shape; "
        "where every line has an escape, over that of the same run without the kernel.",
        inputs.shapes,
    ),
    Part(
        inputs.OPTIONS,
        "Options that need more of a line",
        "`ratio` is the time over that of a run without the option.",
        inputs.options,
    ),
    Part(
        sql.PART,
        "Tables",
        "A result in memory into a table of a database, against the client of that database with "
        "the same rows as a CSV. The client is timed from start to end; of `load` the call alone, "
        "with digest, staging, sums, key and commit. After every load the client reads the table "
        "back, and it must be the CSV to the digit. CPU is that of the process without the server; "
        "peak is the whole process of a client, and what a load takes beyond the result.",
        sql.tables,
    ),
    Part(
        start.PART,
        "Start-up",
        "What it costs before there is any work.",
        start.start,
    ),
)
"""Every part."""
