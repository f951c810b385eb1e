"""The whole job against every peer, over more and more days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import data, peers
from benchmarks.bench import BASE
from benchmarks.results import Race

if TYPE_CHECKING:
    from benchmarks.bench import Bench

PART = "days"


def days(bench: Bench) -> None:
    """Race every peer on every number of days.

    A slow peer warms up on the fewest days only, and is left out where one run would take longer
    than the whole budget of a race.
    """
    for days in bench.settings.days:
        folder = bench.days(days)
        data.read(folder)
        case, size = f"{days} day" + "s" * (days > 1), data.size_of(folder)
        for peer in bench.settings.peers:
            seconds = _expected_seconds(bench, peer, size)
            if seconds > bench.settings.budget:
                left_out = f"left out: it would take about {seconds / 60:.0f} minutes"
                bench.keep(Race(PART, case, days, size, BASE, peer, (), left_out))
                continue
            bench.race(
                PART,
                case,
                bench.cold(folder),
                bench.peer(peer, folder),
                x=days,
                size=size,
                warm_up=peer in peers.FAST or days == min(bench.settings.days),
            )


def _expected_seconds(bench: Bench, peer: str, size: int) -> float:
    """What a run of a peer will take by its speed in the races before; 0 where there were none."""
    speeds = [
        race.size / min(cost.wall for cost in race.costs(peer))
        for race in bench.results.races
        if race.part == PART and race.other == peer and race.pairs
    ]
    return size / max(speeds) if speeds else 0
