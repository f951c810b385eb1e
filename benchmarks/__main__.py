"""Run the races and write the page: ``python -m benchmarks``, from the root of the project."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import machine, peers
from benchmarks.bench import Bench, Settings
from benchmarks.measure import CORES, ROOT, confine
from benchmarks.parts import PARTS
from benchmarks.results import Results, load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CACHE = ROOT / "benchmarks" / "data"


def main() -> None:
    """Do what the command line asks."""
    parser = _parser()
    asked = parser.parse_args()
    if find_spec("matplotlib") is None:
        parser.error("matplotlib is not installed: install the extra 'bench'")
    out: Path = asked.out or (asked.data / "quick" if asked.quick else ROOT / "docs")
    kept, here = load(out / "benchmarks.json"), machine.describe()
    results = kept if kept and (kept.machine == here or not asked.parts) else Results(here)
    _run(asked.parts, _settings(asked, out), results)
    # Loaded after the races: what this process weighs is counted into every program it starts.
    from benchmarks import report  # noqa: PLC0415

    print(report.write(results, out))


def _run(names: Sequence[str], settings: Settings, results: Results) -> None:
    confine(settings.jobs)
    settings.cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.cache) as work:
        bench = Bench(settings, results, Path(work))
        for part in (part for part in PARTS if part.name in names):
            results.forget(part.name)
            results.dates[part.name] = datetime.now(UTC).date().isoformat()
            part.run(bench)


def _settings(asked: argparse.Namespace, out: Path) -> Settings:
    quick = asked.quick
    return Settings(
        days=tuple(sorted(asked.days or ((1, 3) if quick else (1, 3, 30)))),
        lines=20_000 if quick else 1_600_000,
        contracts=(1_000, 10_000) if quick else tuple(map(int, (1e5, 3e5, 1e6, 3e6, 1e7))),
        contract_lines=20_000 if quick else 12_000_000,
        peers=tuple(peer for peer in asked.peers if not peers.missing(peer)),
        runs=asked.runs or (1 if quick else 5),
        budget=asked.budget,
        jobs=asked.jobs,
        cache=asked.data.resolve(),
        results=out / "benchmarks.json",
        rows=20_000 if quick else 1_920_000,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parts = [part.name for part in PARTS]
    add = parser.add_argument
    add("--quick", action="store_true", help="small logs: does it run, not how fast")
    add("--parts", type=_names(parts), default=parts, help=f"some of {','.join(parts)}")
    add("--peers", type=_names(peers.PEERS), default=peers.PEERS, help="some of the peers")
    add("--days", type=_numbers, help="days of logs; 1,3,30 unless given")
    add("--runs", type=int, help="pairs of runs in a race; 5 unless given")
    add("--budget", type=float, default=600, help="a race begins no pair after so many seconds")
    add("--jobs", type=int, default=min(2, len(CORES)), help="threads, and cores, of each program")
    add("--data", type=Path, default=_CACHE, help="where logs are made and kept")
    add("--out", type=Path, help="the folder of the page; docs unless given")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _names(known: Sequence[str]) -> Callable[[str], list[str]]:
    def split(text: str) -> list[str]:
        """Return the names in a list with commas; an empty one only writes the page anew."""
        names = [name for name in text.split(",") if name]
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(known)}")
        return names

    return split


if __name__ == "__main__":
    main()
