"""What the parts of the benchmark share: settings, programs by name, and races that are kept."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks import data, peers
from benchmarks.measure import Program, RunError, run_pairs
from benchmarks.results import Race, Results

if TYPE_CHECKING:
    from pathlib import Path

BASE = "engagement"
"""What the tool itself is called in races with peers."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How much to measure.

    Attributes:
        days: Days of logs to race on, ascending.
        lines: Lines in a day.
        contracts: Numbers of contracts to race on, ascending.
        contract_lines: Lines in the log of those races.
        peers: Peers to race with.
        runs: Pairs of runs in a race.
        budget: Seconds after which a race begins no new pair.
        jobs: Threads, and cores, that each program gets.
        cache: Where logs are made.
        results: Where the measurements are kept.
        rows: Rows of the result that is loaded into tables.
    """

    days: tuple[int, ...]
    lines: int
    contracts: tuple[int, ...]
    contract_lines: int
    peers: tuple[str, ...]
    runs: int
    budget: float
    jobs: int
    cache: Path
    results: Path
    rows: int


@dataclass(frozen=True, slots=True)
class Bench:
    """Races under some settings, whose results are written down one by one.

    Attributes:
        settings: How much to measure.
        results: What is known so far.
        work: A folder for outputs.
    """

    settings: Settings
    results: Results
    work: Path

    def days(self, days: int) -> Path:
        """Return a folder with so many days of logs."""
        logs = data.Logs(max(self.settings.days), self.settings.lines)
        return data.first_days(data.kept(logs, self.settings.cache), days)

    def engagement(self, *words: object, name: str = BASE) -> Program:
        """Return the tool run with these words after its name."""
        return Program(name, (*data.ENGAGEMENT, *map(str, words)))

    def cold(self, folder: Path, *options: object, name: str = BASE) -> Program:
        """Return ``engagement run`` over a folder into a CSV that has the name of the program."""
        out = self.work / f"{name}.csv"
        words = ("run", "-q", "-i", folder, "-o", out, "--jobs", self.settings.jobs, *options)
        return Program(name, self.engagement(*words).command, out)

    def peer(self, name: str, folder: Path) -> Program:
        """Return a peer at the same job."""
        out = self.work / f"{name}.csv"
        return Program(name, peers.command(name, folder, out, self.settings.jobs), out)

    def race(
        self,
        part: str,
        case: str,
        base: Program,
        other: Program,
        *,
        x: float = 0,
        size: int = 0,
        warm_up: bool = True,
        times: int = 1,
    ) -> None:
        """Race two programs and write down how it went, be it that one failed.

        Args:
            part: Which part of the report it belongs to.
            case: The input, in words.
            base: The first of each pair, with which the other is compared.
            other: The second.
            x: The input, as a number to plot by.
            size: Bytes that each reads.
            warm_up: Whether a first pair is run and not counted.
            times: How many times as many pairs as usual.
        """
        runs, budget = self.settings.runs * times, self.settings.budget
        race = Race(part, case, x, size, base.name, other.name)
        try:
            if warm_up:
                run_pairs(base, other, runs=1, budget=budget)
            race = replace(race, pairs=run_pairs(base, other, runs=runs, budget=budget))
        except RunError as error:
            race = replace(race, trouble=str(error))
        self.keep(race)

    def keep(self, race: Race) -> None:
        """Write a race down and tell of it."""
        self.results.races.append(race)
        self.results.save(self.settings.results)
        what = f"{race.part}, {race.case}, {race.other}"
        if race.trouble:
            print(f"{what}: {race.trouble}", file=sys.stderr)
        else:
            least, middle, most = race.ratio
            times = f"{middle:.2f} ({least:.2f} to {most:.2f}) times"
            print(f"{what}: {times} the time of {race.base}", file=sys.stderr)
