"""A month in state: what one more day costs, and what it costs to write the month again.

The state is as every night leaves it: all days but the last were stored by ``run --state``.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from benchmarks import data, peers
from benchmarks.bench import BASE
from benchmarks.measure import Program, RunError, run
from benchmarks.results import Race

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

PART = "state"


def fold(bench: Bench) -> None:
    """Race a run that adds the last day to state, and an export, against peers that read all."""
    days = max(bench.settings.days)
    *files, last_file = data.files_of(bench.days(days))
    with data.scratch(bench.settings.cache) as scratch:
        folder = scratch / "logs"  # one folder, as a night finds it: a log is known by its name
        folder.mkdir()
        try:
            for file in files:
                (folder / file.name).symlink_to(file)
            before = stored(bench, folder, scratch / "before")
            (folder / last_file.name).symlink_to(last_file)
            after = stored(bench, folder, scratch / "after")
        except RunError as error:
            bench.keep(Race(PART, f"{days} days", days, 0, BASE, "peers", (), str(error)))
            return
        megabytes = f"{data.size_of(after) / 1e6:,.0f} MB"
        bench.results.facts[PART] = {f"State of {days} days": megabytes}
        last = _last_day(bench, folder, before, scratch / "state")
        for peer in filter(peers.FAST.__contains__, bench.settings.peers):
            cold = bench.peer(peer, folder)
            bench.race(PART, f"day {days} folded in", last, cold, x=days)
            bench.race(PART, f"{days} days written again", _export(bench, after), cold, x=days)


def stored(bench: Bench, folder: Path, state: Path) -> Path:
    """Make a state of the logs in a folder."""
    run(bench.cold(folder, "--state", state))
    return state


def _last_day(bench: Bench, folder: Path, before: Path, state: Path) -> Program:
    def prepare() -> None:
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(before, state)

    day = bench.cold(folder, "--state", state)
    return Program("engagement run --state", day.command, day.output, prepare)


def _export(bench: Bench, state: Path) -> Program:
    out = bench.work / "export.csv"
    words = ("export", "-q", "--state", state, "-o", out)
    return Program("engagement export", bench.engagement(*words).command, out)
