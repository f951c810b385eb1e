"""The whole job against every peer, over more and more days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import data, peers

if TYPE_CHECKING:
    from benchmarks.bench import Bench

PART = "days"


def days(bench: Bench) -> None:
    """Race every peer on every number of days.

    A slow peer warms up on the fewest days only.
    """
    for days in bench.settings.days:
        folder = bench.days(days)
        data.read(folder)
        for peer in bench.settings.peers:
            bench.race(
                PART,
                f"{days} day" + "s" * (days > 1),
                bench.cold(folder),
                bench.peer(peer, folder),
                x=days,
                size=data.size_of(folder),
                warm_up=peer in peers.FAST or days == min(bench.settings.days),
            )
