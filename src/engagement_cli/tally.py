"""Counts of lines, and the algebra in which they add."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engagement_cli.schema import Reason


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of lines: ``lines = valid + repeated + rejected + blank``, and ``+`` adds.

    ``Tally()`` is the empty value; ``+`` is associative and commutative. ``lines`` is counted where
    lines are cut and the others where lines are judged, so that ``balances`` is a check and not
    a tautology. Valid lines split into accepted and filtered when a category table is applied.

    Attributes:
        lines: Lines read; in shapes that are not one hit a line, hits read.
        valid: Lines that keep every rule.
        blank: Lines of white space alone.
        repeated: Lines whose ``_id`` was seen before, where repeats are dropped.
        over_day: Valid lines of more than 86,400 seconds.
        shape_matched: Lines that the shape reader took; the strict reader took the others.
        rejected: Lines rejected, by reason.
    """

    lines: int = 0
    valid: int = 0
    blank: int = 0
    repeated: int = 0
    over_day: int = 0
    shape_matched: int = 0
    rejected: Mapping[Reason, int] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.lines + other.lines,
            self.valid + other.valid,
            self.blank + other.blank,
            self.repeated + other.repeated,
            self.over_day + other.over_day,
            self.shape_matched + other.shape_matched,
            dict(Counter(self.rejected) + Counter(other.rejected)),
        )

    @property
    def rejects(self) -> int:
        """Lines rejected, for whatever reason."""
        return sum(self.rejected.values())

    @property
    def balances(self) -> bool:
        """Whether every line is accounted for."""
        return self.lines == self.valid + self.repeated + self.rejects + self.blank
