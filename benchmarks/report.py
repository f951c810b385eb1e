"""The page: what was measured, as tables and plots around the notes that are kept by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import peers, plots, targets
from benchmarks.bench import BASE
from benchmarks.parts import PARTS
from benchmarks.results import spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from benchmarks.measure import Cost
    from benchmarks.parts import Part
    from benchmarks.results import Race, Results, Spread

NOTES = ("<!-- notes: kept as they are -->", "<!-- end of notes -->")
"""What stands around the part of the page that is written by hand."""

_HEAD = """\
# Benchmarks

This page is written by `python -m benchmarks`; only the notes at its end are written by hand.

Logs are made by `engagement sample`. Each program does the whole job in a process of its own:
from the files, through filtering, mapping, summing, pivoting and ordering, to one CSV. Two
programs run in turns, A B A B, on the same files, after a first pair that is not counted, on the
same number of cores and threads; after every pair their outputs are compared, and a difference is
an error. What the system keeps of the files in memory is the same for both, and what was written
before is on the disk when a run begins. Seconds, throughput and ratios are given as median (least
to most); a ratio is taken pair by pair. CPU is user and system time of all threads. Peak is the
largest resident set (of several processes, that of the largest; none is told under that of the
process that starts them, about 25 MB).

To run it all again, in about an hour and a half and 30 GB of disk, from the root of the project,
with PostgreSQL and MariaDB on this machine and the clients `psql`, `mariadb` and `sqlite3`:

    python3 -m venv .venv
    .venv/bin/pip install -e '.[bench]' pyspark
    .venv/bin/python -m benchmarks

`--quick` tries everything on small logs in a minute or two; `--help` tells what else there is.
"""

_COLUMNS = ("input", "program", "runs", "seconds", "MB/s", "CPU s", "peak MB", "ratio")


def write(results: Results, out: Path) -> Path:
    """Write the page ``benchmarks.md`` and its plots under ``img/``; the notes in it are kept."""
    page = out / "benchmarks.md"
    notes = _notes(page)
    images = plots.draw(results, out / "img")
    sections = [_HEAD, *_summary(results), _targets(results), _machine(results)]
    sections += [_part(part, results, images) for part in PARTS if part.name in results.dates]
    page.write_text("\n".join([*sections, notes]), encoding="utf-8")
    return page


def _notes(page: Path) -> str:
    begin, end = NOTES
    text = page.read_text("utf-8") if page.exists() else ""
    kept = text.partition(begin)[2].partition(end)[0] or "\n## Notes\n\n"
    return f"{begin}{kept}{end}\n"


def _summary(results: Results) -> Iterator[str]:
    """Say how the most days went against the fastest peer."""
    cold = [race for race in results.races if race.part == PARTS[0].name and race.pairs]
    if cold:
        most = max(race.x for race in cold)
        race = min((race for race in cold if race.x == most), key=lambda race: race.ratio.median)
        ours = race.costs(BASE)
        seconds = spread(cost.wall for cost in ours).median
        peak = max(cost.peak for cost in ours) / 1e6
        yield (
            f"**In short:** {race.case} of logs, {race.size / 1e9:.1f} GB, take `engagement` "
            f"{seconds:.1f} s and {peak:,.0f} MB of memory. The fastest peer here, {race.other}, "
            f"takes {_three(race.ratio, '.2f')} times as long.\n"
        )


def _targets(results: Results) -> str:
    head = ("target, in the median", "limit", "measured", "kept")
    return "\n".join(["## Targets", "", *_table(head, targets.rows(results)), ""])


def _machine(results: Results) -> str:
    absent = [why for peer in peers.PEERS if (why := peers.missing(peer))]
    said = [f"Missing: {'; '.join(absent)}.\n"] if absent else []
    return "\n".join(["## Machine", "", *_table(("", ""), results.machine.items()), "", *said])


def _part(part: Part, results: Results, images: dict[str, list[str]]) -> str:
    races = [race for race in results.races if race.part == part.name]
    facts = results.facts.get(part.name, {})
    return "\n".join(
        [
            f"## {part.title}",
            "",
            f"{part.text} Measured on {results.dates[part.name]}.",
            "",
            *(f"![{part.title}]({image})\n" for image in images.get(part.name, [])),
            *_table(_COLUMNS, _rows(races)),
            "",
            *(f"{name}: {value}.\n" for name, value in facts.items()),
        ]
    )


def _rows(races: list[Race]) -> Iterator[tuple[str, ...]]:
    """Give each case the row of its base, then one for each program that raced it."""
    for case in dict.fromkeys((race.case, race.base) for race in races):
        same = [race for race in races if (race.case, race.base) == case]
        costs = [base for race in same for base, _ in race.pairs]
        if costs:
            yield _row(same[0], same[0].base, costs, "1")
        for race in same:
            if race.trouble:
                yield (race.case, race.other, _cell(race.trouble), *[""] * 5)
            else:
                costs = [other for _, other in race.pairs]
                yield _row(race, race.other, costs, _three(race.ratio, ".2f"))


def _row(race: Race, name: str, costs: list[Cost], ratio: str) -> tuple[str, ...]:
    wall = spread(cost.wall for cost in costs)
    rate = spread(race.size / cost.wall / 1e6 for cost in costs)
    return (
        race.case,
        f"**{name}**" if name == BASE else _cell(name),
        str(len(costs)),
        _three(wall, ".2f" if wall.median >= 1 else ".3f"),
        _three(rate, ".0f") if race.size else "",
        f"{spread(cost.cpu for cost in costs).median:.2f}",
        f"{spread(cost.peak for cost in costs).most / 1e6:,.0f}",
        ratio,
    )


def _three(values: Spread, form: str) -> str:
    least, middle, most = (format(value, form) for value in values)
    return f"{middle} ({least} to {most})"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
