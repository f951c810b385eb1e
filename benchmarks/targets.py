"""What was aimed at, and whether the races reached it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.bench import BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from benchmarks.results import Race, Results

    Measure = Callable[[Results], float | None]
    """What was measured; None where no race tells."""

_NAMED_SHAPES = ("id-first", "no-type", "spaced", "source", "bulk")


@dataclass(frozen=True, slots=True)
class Target:
    """An aim.

    Attributes:
        what: What is measured.
        limit: How large it is to be.
        least: Whether that is the least, and not the most.
        measure: Measures it.
    """

    what: str
    limit: float
    least: bool
    measure: Measure

    def row(self, results: Results) -> tuple[str, str, str, str] | None:
        """What is measured, the limit, the measurement, and whether it keeps to the limit."""
        measured = self.measure(results)
        if measured is None:
            return None
        kept = measured >= self.limit if self.least else measured <= self.limit
        bound = "at least" if self.least else "at most"
        return self.what, f"{bound} {self.limit:g}", f"{measured:.3g}", "yes" if kept else "**no**"


def rows(results: Results) -> Iterator[tuple[str, str, str, str]]:
    """The rows of all targets that races tell of."""
    return filter(None, (target.row(results) for target in TARGETS))


def _races(results: Results, part: str, others: Iterable[str], base: str = BASE) -> list[Race]:
    """The races of a part against some programs that were run, on the largest of their inputs.

    Their base is called so, or so and more: a client loads in the fastest of several ways.
    """
    names = {*others}
    found = [
        race
        for race in results.races
        if race.part == part and race.base.startswith(base) and race.other in names and race.pairs
    ]
    most = max((race.x for race in found), default=0)
    return [race for race in found if race.x == most]


def _ratio(
    part: str, others: Iterable[str], base: str = BASE, worst: Callable[..., float | None] = max
) -> Measure:
    """The median ratio; of several races the worst one, which is the largest unless told."""

    def measure(results: Results) -> float | None:
        races = _races(results, part, others, base)
        return worst((race.ratio.median for race in races), default=None)

    return measure


def _peak(part: str, others: Iterable[str], base: str = BASE) -> Measure:
    """The largest peak of the base, in MB."""

    def measure(results: Results) -> float | None:
        races = _races(results, part, others, base)
        peaks = (cost.peak / 1e6 for race in races for cost in race.costs(base))
        return max(peaks, default=None)

    return measure


_NIGHT, _AGAIN = "engagement run --state", "engagement export"
_LOADS = ("load, new table", "load, replaced")

TARGETS = (
    Target("whole job: the fastest peer's time", 1.5, True, _ratio("days", peers.FAST, worst=min)),
    Target("whole job: peak MB", 1000, False, _peak("days", peers.FAST)),
    Target("day folded in: DuckDB's time", 15, True, _ratio("state", ["duckdb"], _NIGHT)),
    Target("day folded in: peak MB", 1000, False, _peak("state", ["duckdb"], _NIGHT)),
    Target("month written again: DuckDB's time", 4, True, _ratio("state", ["duckdb"], _AGAIN)),
    Target("month written again: peak MB", 1000, False, _peak("state", ["duckdb"], _AGAIN)),
    Target(
        "slowest other shape, against hits", 1.3, False, _ratio("shapes", _NAMED_SHAPES, "hits")
    ),
    Target(
        "--help and categories list, against python -c pass",
        3,
        False,
        _ratio("start", ["engagement --help", "engagement categories list"], "python -c pass"),
    ),
    Target(
        "1,000 lines, against importing pandas and pyarrow",
        1.2,
        False,
        _ratio("start", ["engagement run"], "python -c 'import pandas, pyarrow'"),
    ),
    Target(
        "PostgreSQL, against psql", 1.5, False, _ratio("sql", _LOADS, "psql \\copy, then the key")
    ),
    Target("SQLite, against sqlite3", 1.5, False, _ratio("sql", _LOADS, "sqlite3 .import")),
    Target("MariaDB, against its client", 2, False, _ratio("sql", _LOADS, "LOAD DATA LOCAL")),
)
