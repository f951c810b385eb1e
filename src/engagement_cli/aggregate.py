"""Sums per contract and app, and the algebra in which they add."""

from __future__ import annotations

import os
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engagement_cli.contracts import LONG, Contracts
from engagement_cli.errors import InputError
from engagement_cli.kernel.layout import LINES_MASK, TAG_SHIFT, Row, rows_of
from engagement_cli.schema import APP_NAME, CONTRACT, LINES, SECONDS
from engagement_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words
    from engagement_cli.kernel.totals import Totals
    from engagement_cli.parse.chunk import Chunk

_MAX_INT64 = 2**63 - 1
_PENDING_ROWS = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """Seconds and lines of each contract and app that has a line: g groups.

    ``Partial.empty()`` is the empty value; ``+`` is associative and commutative.

    Attributes:
        rows: uint64, shape (g, 4), as ``kernel.layout.Row`` says, ordered by contract (code points)
            and then by code of the app; no two of one contract and app.
        apps: The name of each code.
        long: The contracts that are too long to be packed.
    """

    rows: Words
    apps: tuple[str, ...]
    long: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __add__(self, other: Partial) -> Partial:
        return Partial.sum([self, other])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Partial) and self.frame().equals(other.frame())

    __hash__ = None  # type: ignore[assignment]  # equal by value, and values are arrays

    @classmethod
    def empty(cls) -> Partial:
        """The sums of no lines."""
        return cls.sum([])

    @classmethod
    def of(cls, chunk: Chunk) -> Partial:
        """The sums of one chunk."""
        return cls.sum([chunk])

    @classmethod
    def sum(cls, parts: Iterable[Partial | Chunk]) -> Partial:
        """The sum of any number of partials and chunks.

        Raises:
            InputError: All seconds together exceed int64.
        """
        total = Sum()
        for part in parts:
            total.add(part)
        return total.total()

    @property
    def contracts(self) -> Contracts:
        """The contract of each group."""
        return Contracts(self.rows[:, Row.HI], self.rows[:, Row.LO], self.long)

    @property
    def app(self) -> NDArray[np.int64]:
        """int64, shape (g,): the code of each group's app."""
        return app_of(self.rows)

    @property
    def seconds(self) -> NDArray[np.int64]:
        """int64, shape (g,)."""
        return self.rows[:, Row.SECONDS].view(np.int64)

    @property
    def lines(self) -> NDArray[np.int64]:
        """int64, shape (g,)."""
        return lines_of(self.rows)

    def canonical(self) -> Partial:
        """The same sums with their app names in order, so that equal sums are equal arrays."""
        used = np.flatnonzero(np.bincount(self.app, minlength=len(self.apps)))
        apps = tuple(sorted(self.apps[code] for code in used))
        if apps == self.apps and not self.long:
            return self
        contracts = self.contracts.compact()
        rows = rows_of(contracts.hi, contracts.lo, self.app, self.seconds, self.lines)
        _recode(rows, codes_in(self.apps, apps))
        if list(self.apps) != sorted(self.apps):
            starts = contracts.starts()
            several = np.flatnonzero(~(starts & np.append(starts[1:], True)))
            number = np.cumsum(starts)[several]
            rows[several] = rows[several[np.lexsort((app_of(rows[several]), number))]]
        return Partial(rows, apps, contracts.long)

    def frame(self) -> pd.DataFrame:
        """One row a group: Contract, AppName (str), TotalDuration, Lines (int64).

        Ordered by contract and app name.
        """
        import pyarrow as pa  # noqa: PLC0415 - reading begins without

        sums = self.canonical()
        columns = {
            CONTRACT: sums.contracts.strings(),
            APP_NAME: pa.array(sums.apps, pa.large_string()).take(pa.array(sums.app)),
            SECONDS: pa.array(sums.seconds),
            LINES: pa.array(sums.lines),
        }
        frame: pd.DataFrame = pa.table(columns).to_pandas()
        return frame


class Sum:
    """Adds chunks and partials up; memory follows the groups and not the lines.

    Several threads may add at once.
    """

    def __init__(self, vocabulary: Vocabulary | None = None, *, compiled: bool = False) -> None:
        """Begin with nothing.

        Args:
            vocabulary: The names that chunks will refer to.
            compiled: Whether to add with machine code, which pays for many lines.
        """
        self._vocabulary = vocabulary or Vocabulary()
        self._groups: _Groups = _compiled_groups() if compiled else _Batches()
        self._lock = Lock()
        self._seconds = self._lines = 0

    def add(self, part: Chunk | Partial) -> None:
        """Add the lines of a chunk, or the groups of a partial.

        Raises:
            InputError: All seconds together exceed int64.
        """
        rows = self._rows_of(part)
        seconds, lines = _totals_of(rows)
        with self._lock:
            self._seconds += seconds
            self._lines += lines
        require_summable(self._seconds, self._lines)
        self._groups.add(rows)

    def total(self) -> Partial:
        """The sum of all that was added; nothing can be added from then on."""
        groups, self._groups = self._groups, _Batches()
        names = self._vocabulary.apps.all()
        apps = tuple(sorted(names))
        rows = groups.sorted(codes_in(names, apps))
        del groups  # what it was made of is as large as the sum
        contracts = Contracts(rows[:, Row.HI], rows[:, Row.LO], self._vocabulary.contracts.all())
        if len(rows) and rows[-1, Row.HI] == LONG:
            rows = rows[contracts.order(app_of(rows))]
        return Partial(rows, apps, contracts.long)

    def _rows_of(self, part: Chunk | Partial) -> Words:
        """The part's rows in terms of this sum's vocabulary."""
        if not isinstance(part, Partial) and part.vocabulary is self._vocabulary:
            return part.rows
        apps = part.apps if isinstance(part, Partial) else part.vocabulary.apps.all()
        lines = part.lines if isinstance(part, Partial) else 1
        codes = np.array([self._vocabulary.apps.code(name) for name in apps], np.int64)
        contracts = part.contracts.numbered(self._vocabulary.contracts.code)
        return rows_of(contracts.hi, contracts.lo, codes[part.app], part.seconds, lines)


class _Groups(Protocol):
    """Rows in, sums by contract and app out."""

    def add(self, rows: Words) -> None:
        """Add rows, from any thread; they may change as soon as this returns."""

    def sorted(self, codes: Words) -> Words:
        """The groups, one row each, ordered by contract and app, which gets another code."""


class _Batches:
    """Groups by sorting, a few million rows at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._parts: list[Words] = [np.empty((0, len(Row)), np.uint64)]
        self._rows = 0

    def add(self, rows: Words) -> None:
        with self._lock:
            self._parts.append(rows.copy())
            self._rows += len(rows)
            if self._rows > max(_PENDING_ROWS, len(self._parts[0])):
                self._compact()

    def sorted(self, codes: Words) -> Words:
        with self._lock:
            for rows in self._parts:
                _recode(rows, codes)
            self._compact()
            return self._parts[0]

    def _compact(self) -> None:
        self._parts, self._rows = [_grouped(np.concatenate(self._parts))], 0


def _compiled_groups() -> _Groups:
    from engagement_cli.kernel.totals import Totals  # noqa: PLC0415 - loads machine code

    return _Compiled(Totals())


class _Compiled:
    """Groups by machine code."""

    def __init__(self, totals: Totals) -> None:
        self.add = totals.add
        self._totals = totals

    def sorted(self, codes: Words) -> Words:
        return self._totals.drain(len(os.sched_getaffinity(0)), codes)


def app_of(rows: Words) -> NDArray[np.int64]:
    """int64, shape (n,): the code of each row's app."""
    return (rows[:, Row.TAG] >> np.uint64(TAG_SHIFT)).view(np.int64)


def lines_of(rows: Words) -> NDArray[np.int64]:
    """int64, shape (n,): how many lines each row stands for."""
    return (rows[:, Row.TAG] & np.uint64(LINES_MASK)).view(np.int64)


def _totals_of(rows: Words) -> tuple[int, int]:
    """All seconds and all lines of some rows."""
    return int(rows[:, Row.SECONDS].sum()), int(lines_of(rows).sum())


def require_summable(seconds: int, lines: int) -> None:
    """Refuse sums that do not fit.

    Raises:
        InputError: All seconds together exceed int64, or all lines 2^40.
    """
    if seconds > _MAX_INT64 or lines > LINES_MASK:
        raise InputError(
            f"{seconds} seconds in {lines} lines are more than can be summed exactly; "
            "sum fewer files at once."
        )


def codes_in(apps: Sequence[str], others: Sequence[str]) -> Words:
    """For the code of each app, that in another list of names; 0 for one that is not there."""
    code_of = {name: code for code, name in enumerate(others)}
    return np.array([code_of.get(name, 0) for name in apps], np.uint64)


def _recode(rows: Words, codes: Words) -> None:
    """Give each app another code."""
    rows[:, Row.TAG] = codes[app_of(rows)] << np.uint64(TAG_SHIFT) | lines_of(rows).view(np.uint64)


def _grouped(rows: Words) -> Words:
    """Rows of one contract and app made one, in order."""
    rows = rows[np.lexsort((app_of(rows), rows[:, Row.LO], rows[:, Row.HI]))]
    key = rows[:, :3].copy()
    key[:, Row.TAG] >>= np.uint64(TAG_SHIFT)
    starts = np.ones(len(rows), np.bool_)
    starts[1:] = (key[1:] != key[:-1]).any(axis=1)
    first = np.flatnonzero(starts)
    groups = rows[first]
    if len(first):
        lines = np.add.reduceat(lines_of(rows), first).view(np.uint64)
        groups[:, Row.TAG] = (key[first, Row.TAG] << np.uint64(TAG_SHIFT)) | lines
        groups[:, Row.SECONDS] = np.add.reduceat(rows[:, Row.SECONDS], first)
    return groups
