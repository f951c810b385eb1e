"""Units that seconds are written in: converted once, after all adding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engagement_cli.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of time: its seconds, and the decimals that are kept of it."""

    name: str
    seconds: int
    decimals: int

    def convert(self, frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
        """The frame with those of these columns that it has, int64 seconds, in this unit.

        Seconds stay int64; minutes and hours become float64, rounded half to even.
        """
        if self.seconds == 1:
            return frame
        there = [column for column in columns if column in frame]
        converted = {
            column: rounded(frame[column].to_numpy(), self.seconds, self.decimals)
            for column in there
        }
        return frame.assign(**converted)


SECONDS_UNIT = Unit("seconds", 1, 0)
UNITS = {unit.name: unit for unit in (SECONDS_UNIT, Unit("minutes", 60, 2), Unit("hours", 3600, 4))}
