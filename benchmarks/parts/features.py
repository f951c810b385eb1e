"""What every derived column together adds to an export of a month."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks import data
from benchmarks.bench import BASE
from benchmarks.measure import Program, RunError
from benchmarks.parts.warm import stored
from benchmarks.results import Race, spread

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

PART = "features"

_FEATURES = "total,most-watch,taste,active-days,activeness,share,engagement,clinginess,rfm"
"""All but devices, which no state keeps."""
_MOST_SECONDS, _MOST_BYTES = 3, 1.5e9
"""What they may add, and what the export may take, on the contracts of a month."""


def features(bench: Bench) -> None:
    """Race an export with all features against one without."""
    days = max(bench.settings.days)
    case = f"{days} day" + "s" * (days > 1)
    with data.scratch(bench.settings.cache) as scratch:
        try:
            state = stored(bench, bench.days(days), scratch / "state")
        except RunError as error:
            bench.keep(Race(PART, case, days, 0, BASE, "features", (), str(error)))
            return
        plain = _export(bench, state, "export")
        derived = _export(bench, state, "export with features", "--features", _FEATURES)
        bench.race(PART, case, plain, replace(derived, adds_columns=True), x=days)
        bench.results.facts[PART] = _figures(bench.results.races[-1], plain)


def _export(bench: Bench, state: Path, name: str, *options: str) -> Program:
    out = bench.work / f"{name}.csv"
    words = ("export", "-q", "--state", state, "-o", out, "--jobs", bench.settings.jobs, *options)
    return Program(name, bench.engagement(*words).command, out)


def _figures(race: Race, plain: Program) -> dict[str, str]:
    """What the race says of the limits; nothing where it was not run to its end."""
    if not race.pairs or plain.output is None:
        return {}
    with plain.output.open("rb") as file:
        contracts = sum(1 for _ in file) - 1
    least, middle, most = spread(derived.wall - base.wall for base, derived in race.pairs)
    peak = max(derived.peak for _, derived in race.pairs)
    return {
        "Contracts": f"{contracts:,}",
        "Seconds that all features add": f"{middle:.2f} ({least:.2f} to {most:.2f}), "
        f"of {_MOST_SECONDS} at most",
        "Peak with all features": f"{peak / 1e6:,.0f} MB, of {_MOST_BYTES / 1e6:,.0f} MB at most",
    }
