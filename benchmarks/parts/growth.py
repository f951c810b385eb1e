"""What happens as one thing grows and the rest stays: contracts, threads, the size of a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks import data, peers
from benchmarks.measure import CORES, confine

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

CONTRACTS = "contracts"
JOBS = "jobs"
FILE = "file"
APART = "a file a day"
"""The tool on the same days as they were before they were joined."""


def contracts(bench: Bench) -> None:
    """Race on logs of as many lines with more and more contracts."""
    for count in bench.settings.contracts:
        logs = data.Logs(1, bench.settings.contract_lines, contracts=count)
        with data.scratch(bench.settings.cache) as folder:
            data.make(logs, folder / "logs")
            _race_fast(bench, CONTRACTS, f"{count:,} contracts", folder / "logs", x=count / 1e6)


def jobs(bench: Bench) -> None:
    """Race on the same days with one core, two, four and so on."""
    days = min(3, max(bench.settings.days))
    folder = bench.days(days)
    for count in (2**power for power in range(len(CORES).bit_length())):
        confine(count)
        crew = replace(bench, settings=replace(bench.settings, jobs=count))
        _race_fast(crew, JOBS, f"{count} thread" + "s" * (count > 1), folder, x=count)
    confine(bench.settings.jobs)


def one_file(bench: Bench) -> None:
    """Race on one file that holds more and more days, also with the days in files of their own."""
    for days in bench.settings.days:
        with data.scratch(bench.settings.cache) as folder:
            joined = data.one_file(bench.days(days), folder / "logs")
            size = data.size_of(joined)
            case, x = f"{size / 1e6:,.0f} MB", size / 1e9
            apart = bench.cold(bench.days(days), name=APART)
            bench.race(FILE, case, bench.cold(joined), apart, x=x, size=size)
            _race_fast(bench, FILE, case, joined, x=x)


def _race_fast(bench: Bench, part: str, case: str, folder: Path, *, x: float) -> None:
    size = data.size_of(folder)
    for peer in filter(peers.FAST.__contains__, bench.settings.peers):
        bench.race(part, case, bench.cold(folder), bench.peer(peer, folder), x=x, size=size)
