"""What is in a file, told from its beginning or from all of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engagement_cli.aggregate import Sum
from engagement_cli.parse.formats import blocks
from engagement_cli.parse.keys import key_orders
from engagement_cli.parse.reader import Reader, numbered
from engagement_cli.parse.rules import Fields, Reject
from engagement_cli.pivot import Pivot, pivot
from engagement_cli.sources.streams import open_stream
from engagement_cli.tally import Tally
from engagement_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from engagement_cli.categories import CategoryTable
    from engagement_cli.parse.formats import Shape
    from engagement_cli.sources.discover import Source

BLOCK_SIZE = 1024 * 1024
BOUND_BLOCKS = 8
"""Blocks of ``BLOCK_SIZE`` that are read of a file of which a part suffices."""
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in a file, or in the part of it that was read.

    Attributes:
        source: The file.
        shape: Its shape.
        compression: Its compression.
        whole: Whether it was read to its end.
        tally: What became of the lines.
        pivot: Contracts, and seconds by category and by unmapped app.
        apps: Lines and seconds by app, most lines first.
        key_orders: The orders of keys in the first lines, most frequent first.
        examples: The first rejected lines of each reason.
    """

    source: Source
    shape: Shape
    compression: str
    whole: bool
    tally: Tally
    pivot: Pivot
    apps: tuple[tuple[str, int, int], ...]
    key_orders: tuple[str, ...]
    examples: tuple[Reject, ...]

    def as_dict(self, table: CategoryTable) -> dict[str, Any]:
        """The survey as JSON has it; ``table`` tells the category of each app."""
        return {
            "file": str(self.source),
            "day": str(self.source.day) if self.source.day else None,
            "bytes": self.source.size,
            "compression": self.compression,
            "shape": self.shape,
            "whole": self.whole,
            "lines": self.tally.lines,
            "accepted": self.pivot.accepted,
            "filtered": self.pivot.filtered,
            "rejected": self.tally.rejects,
            "blank": self.tally.blank,
            "contracts": len(self.pivot.rows),
            "seconds": sum(seconds for _, _, seconds in self.apps),
            "apps": [
                {
                    "app": app,
                    "category": category_key(table, app),
                    "lines": lines,
                    "seconds": seconds,
                }
                for app, lines, seconds in self.apps
            ],
            "key_orders": list(self.key_orders),
            "rejects": [
                {
                    "line": reject.line,
                    "byte": reject.byte,
                    "reason": reject.reason,
                    "text": reject.text,
                }
                for reject in self.examples
            ],
        }


def survey(
    source: Source, table: CategoryTable, *, shape: Shape | None = None, full: bool = False
) -> Survey:
    """Look into one file.

    Args:
        source: The file.
        table: The category table.
        shape: Its shape; None to recognise it.
        full: Whether all of it is read; else 8 MiB.

    Raises:
        InputError: It cannot be read as far as it was asked for.
    """
    total, tally = Sum(), Tally()
    orders: Counter[str] = Counter()
    rejects: list[Reject] = []
    whole, height = True, 0
    with open_stream(source) as stream:
        reader = Reader(stream, shape=shape, fields=Fields(), vocabulary=Vocabulary())
        for count, block in enumerate(blocks(stream, reader.shape, BLOCK_SIZE)):
            if count == BOUND_BLOCKS and not full:
                whole = False
                break
            lines = block()
            orders += key_orders(lines.bytes) if count == 0 else Counter()
            chunk = reader.read(lines)
            total.add(chunk)
            rejects += _examples(numbered(chunk.rejects, reader.shape, height), rejects)
            tally += chunk.tally
            height += chunk.height
    partial = total.total()
    frame = partial.frame().groupby("AppName")[["Lines", "TotalDuration"]].sum()
    apps = frame.sort_values("Lines", ascending=False, kind="stable")
    return Survey(
        source,
        reader.shape,
        stream.compression,
        whole,
        tally,
        pivot(partial, table, keep_unmapped=True),
        tuple((str(app), int(count), int(seconds)) for app, count, seconds in apps.itertuples()),
        tuple(order for order, _ in orders.most_common()),
        tuple(rejects),
    )


def category_key(table: CategoryTable, app: str) -> str | None:
    """The key of the category of an app, if it is mapped."""
    code = table.category_of(app)
    return None if code is None else table.categories[code].key


def _examples(rejects: list[Reject], kept: list[Reject]) -> list[Reject]:
    """The first rejects of each reason, as far as ``kept`` has not enough of them."""
    seen = Counter(reject.reason for reject in kept)
    chosen = []
    for reject in rejects:
        seen[reject.reason] += 1
        if seen[reject.reason] <= _EXAMPLES:
            chosen.append(reject)
    return chosen
