"""The plots of the page, as SVG that is the same for the same results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from benchmarks.bench import BASE
from benchmarks.parts import cold, growth
from benchmarks.results import spread

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from benchmarks.measure import Cost
    from benchmarks.results import Race, Results

_COLOURS = {
    BASE: "#c8102e",
    growth.APART: "#e58a9b",
    "duckdb": "#b58900",
    "polars": "#0072b2",
    "chdb": "#009e73",
    "pandas": "#7f5aa2",
    "pyspark": "#7a7a7a",
}
_STYLE = {
    "svg.hashsalt": "benchmarks",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


@dataclass(frozen=True, slots=True)
class Axis:
    """What grows in a plot: its name, and whether it is drawn to a logarithmic scale."""

    name: str
    log: bool


_AXES = {
    cold.PART: Axis("days", log=True),
    growth.CONTRACTS: Axis("million contracts", log=True),
    growth.JOBS: Axis("threads", log=False),
    growth.FILE: Axis("size of the one file, GB", log=True),
}


def draw(results: Results, folder: Path) -> dict[str, list[str]]:
    """Draw every plot that there are results for.

    Returns:
        The plots of each part, as paths from the folder above ``folder``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, list[str]] = {}
    with mpl.rc_context(_STYLE):
        for part, axis in _AXES.items():
            races = [race for race in results.races if race.part == part and race.pairs]
            if not races:
                continue
            figures = {part: _growth(races, axis)}
            if part == cold.PART:
                figures = {"throughput": _throughput(races), **figures}
            for name, figure in figures.items():
                path = folder / f"{name}.svg"
                figure.savefig(path, metadata={"Date": None})
                drawn.setdefault(part, []).append(f"{folder.name}/{path.name}")
    return drawn


def _throughput(races: list[Race]) -> Figure:
    """Draw a bar for each program on the largest input: the median, with a line from min to max."""
    most = max(race.x for race in races)
    races = [race for race in races if race.x == most]
    size = races[0].size / 1e6
    rates = {name: spread(size / cost.wall for cost in costs) for name, costs in _costs(races)}
    names = sorted(rates, key=lambda name: rates[name].median)
    middles = [rates[name].median for name in names]
    figure = Figure(figsize=(6, 0.5 + 0.35 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    errors = [
        [rates[name].median - rates[name].least for name in names],
        [rates[name].most - rates[name].median for name in names],
    ]
    bars = axes.barh(names, middles, xerr=errors, color=[_COLOURS[name] for name in names])
    axes.bar_label(bars, fmt="%.0f", padding=6)
    axes.set_xlabel(f"MB/s, {races[0].case}")
    return figure


def _growth(races: list[Race], axis: Axis) -> Figure:
    """Draw time and memory of each program side by side, as something grows."""
    figure = Figure(figsize=(8.5, 3), layout="constrained")
    time, memory = figure.subplots(1, 2)
    for name, _ in _costs(races):
        steps = sorted({race.x for race in races if race.costs(name)})
        runs = [[c for race in races if race.x == x for c in race.costs(name)] for x in steps]
        style = {"color": _COLOURS[name], "marker": ".", "lw": 2.5 if name == BASE else 1.2}
        seconds = [spread(cost.wall for cost in at).median for at in runs]
        time.plot(steps, seconds, label=name, **style)
        memory.plot(steps, [max(cost.peak for cost in at) / 1e6 for at in runs], **style)
    steps = sorted({race.x for race in races})
    _label(time, axis, "seconds", steps)
    _label(memory, axis, "peak memory, MB", steps)
    figure.legend(loc="outside right upper", frameon=False)
    return figure


def _label(axes: Axes, axis: Axis, name: str, steps: list[float]) -> None:
    axes.set_xlabel(axis.name)
    axes.set_ylabel(name)
    if axis.log:
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))
    else:
        axes.set_ylim(bottom=0)
    axes.set_xticks(steps, [f"{step:.2g}" for step in steps])
    axes.set_xticks([], minor=True)


def _costs(races: list[Race]) -> list[tuple[str, list[Cost]]]:
    names = dict.fromkeys(name for race in races for name in (race.base, race.other))
    return [(name, [cost for race in races for cost in race.costs(name)]) for name in names]
