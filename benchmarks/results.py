"""What was measured, and the file it is kept in."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from benchmarks.measure import Cost  # noqa: TC001 - msgspec reads the fields' types

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Spread(NamedTuple):
    """The least, the middle and the largest of some measurements."""

    least: float
    median: float
    most: float


def spread(values: Iterable[float]) -> Spread:
    """Return the spread of at least one value."""
    ordered = sorted(values)
    return Spread(ordered[0], median(ordered), ordered[-1])


@dataclass(frozen=True, slots=True)
class Race:
    """Two programs run in turns on the same input.

    Attributes:
        part: Which part of the report it belongs to.
        case: The input, in words.
        x: The input, as a number to plot by.
        size: Bytes that each program reads; 0 where that says nothing.
        base: The name of the program that the other is compared with.
        other: The name of the other.
        pairs: What they cost, turn by turn; empty if there is trouble.
        trouble: Why the race was not run to its end; empty if it was.
    """

    part: str
    case: str
    x: float
    size: int
    base: str
    other: str
    pairs: tuple[tuple[Cost, Cost], ...] = ()
    trouble: str = ""

    @property
    def ratio(self) -> Spread:
        """Wall time of the other over that of the base, pair by pair."""
        return spread(other.wall / base.wall for base, other in self.pairs)

    def costs(self, name: str) -> list[Cost]:
        """Return what each run of the program of this name cost."""
        names = (self.base, self.other)
        return [
            cost
            for pair in self.pairs
            for who, cost in zip(names, pair, strict=True)
            if who == name
        ]


@dataclass(slots=True)
class Results:
    """Everything measured on one machine.

    Attributes:
        machine: What it was measured on and with, by what the report calls it.
        races: The races, in the order in which they were run.
        facts: Single figures by part and name.
        dates: The day each part was measured.
    """

    machine: dict[str, str]
    races: list[Race] = field(default_factory=list)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)

    def forget(self, part: str) -> None:
        """Drop what is known of a part, for it is about to be measured again."""
        self.races = [race for race in self.races if race.part != part]
        self.facts.pop(part, None)
        self.dates.pop(part, None)

    def save(self, path: Path) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")


def load(path: Path) -> Results | None:
    """Return what a file holds, or None if there is none."""
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else None
