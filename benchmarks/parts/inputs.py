"""Inputs that are not plain, and options that need more of each line."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import data
from benchmarks.bench import BASE
from benchmarks.measure import Program, RunError, run
from benchmarks.results import Race
from engagement_cli.kernel import SWITCH

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

COMPRESSED = "compressed"
SHAPES = "shapes"
OPTIONS = "options"

_SHAPES = ("id-first", "no-type", "spaced", "source", "bulk", "search", "array")
_ESCAPES = {
    "escape ignored": (re.compile(rb'"_index":"'), rb"\g<0>\\/\\u00e1"),
    "escaped contract": (re.compile(rb'"Contract":"(?=[A-Z])'), rb"\g<0>\\u0041"),
}
"""Where an escape is put into each line: into a string that nobody asked for, which is matched all
the same, and into the contract, which no shape takes."""
_PACKERS = {"gz": ("gzip -6", "zcat"), "zst": ("zstd -q -3", "zstd -dc")}


def compressed(bench: Bench) -> None:
    """Race packed days against unpacking them and counting the lines."""
    plain = bench.days(min(3, max(bench.settings.days)))
    for ending, (pack, unpack) in _PACKERS.items():
        with data.scratch(bench.settings.cache) as folder:
            loop = f'cd "$0"; for day in *; do {pack} <"$day" >"$1/$day.{ending}"; done'
            lines = Program(f"{unpack} | wc -l", _shell(f'{unpack} "$0"/* | wc -l', folder))
            try:
                run(Program(pack, _shell(loop, plain, folder)))
            except RunError as error:
                bench.keep(Race(COMPRESSED, ending, 0, 0, lines.name, BASE, (), str(error)))
            else:
                size = data.size_of(plain)
                bench.race(COMPRESSED, ending, lines, bench.cold(folder), size=size)


def _shell(line: str, *words: Path) -> tuple[str, ...]:
    return ("bash", "-euo", "pipefail", "-c", line, *map(str, words))


def shapes(bench: Bench) -> None:
    """Race a day in each shape against the plain one, and with escapes without the kernel."""
    plain = bench.days(1)
    for shape in _SHAPES:
        with data.scratch(bench.settings.cache) as folder:
            logs = data.Logs(1, bench.settings.lines, shape=shape)
            other = bench.cold(data.make(logs, folder / "logs"), name=shape)
            bench.race(SHAPES, "1 day", bench.cold(plain, name="hits"), other)
    for name, (place, escape) in _ESCAPES.items():
        with data.scratch(bench.settings.cache) as folder:
            day = data.rewritten(plain, folder / "logs", partial(place.sub, escape))
            strict = bench.cold(day, name="without kernel")
            without = replace(strict, command=("env", f"{SWITCH}=1", *strict.command))
            bench.race(SHAPES, f"1 day, {name}", without, bench.cold(day))


def options(bench: Bench) -> None:
    """Race a run with an option, and ``transform``, against a run without."""
    days = min(3, max(bench.settings.days))
    folder = bench.days(days)
    size = data.size_of(folder)
    plain = bench.cold(folder, name="run")
    fewer = bench.cold(folder, "--dedupe-id", name="run --dedupe-id")
    others = [replace(fewer, output=None)]  # the logs repeat some events
    for words in ("--features devices", "--features all"):
        wider = bench.cold(folder, *words.split(), name=f"run {words}")
        others.append(replace(wider, adds_columns=True))
    lines = bench.work / "lines.csv"  # which is no table of the same rows
    others.append(bench.engagement("transform", "-q", "-i", folder, "-o", lines, name="transform"))
    for other in others:
        bench.race(OPTIONS, f"{days} days", plain, other, size=size)
