"""Rows to sums: seconds and lines of each contract and app, added from several threads.

Nearly every line is another contract, so that a row costs a miss of the cache wherever it is added.
Rows are first dealt into partitions by a hash of their contract; when a thread has some thousands
for one partition it folds them into that partition's table, asking for slots well ahead of using
them, while other threads work on other partitions.
"""

from __future__ import annotations

import mmap
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from engagement_cli.kernel import native
from engagement_cli.kernel.layout import DIGIT_BITS, OVERFLOW, Row

if TYPE_CHECKING:
    from engagement_cli.kernel.layout import Words

_PARTITIONS = 32
_BUFFER_ROWS = 16384 + 2
"""Rows of one partition that a thread collects. Not a power of two: the buffers of all partitions
are written at once, and their ends must not fall into the same few cache lines."""
_FIRST_SLOTS = 256
_HUGE_SLOTS = 2 * 1024 * 1024 // (8 * len(Row))
"""A table of so many slots fills a huge page, of which the system has one ready where a hundred
thousand small ones would each have to be cleared and looked up."""
_HUGE_PAGES: int | None = getattr(mmap, "MADV_HUGEPAGE", None)
"""How Linux is asked for them."""
_BUCKET_ROWS = 4096
"""Rows put in order at a time: they stay in the cache."""
_TOO_LARGE = "over 2^63 seconds or 2^40 lines of one contract and app"
_SAMPLED = 16
"""Groups looked at for each bucket, so that buckets come out about as large as meant."""


class Totals:
    """Sums by contract and app, to which any thread may add."""

    def __init__(self) -> None:
        self._partitions = [_Partition() for _ in range(_PARTITIONS)]
        self._collectors: list[_Collector] = []
        self._mine = threading.local()

    def add(self, rows: Words) -> None:
        """Add rows, shape (n, 4), contiguous; they may change as soon as this returns.

        Raises:
            OverflowError: A contract has more than 2^63 seconds or 2^40 lines of one app.
        """
        if not hasattr(self._mine, "collector"):
            self._mine.collector = _Collector(self._partitions)
            self._collectors.append(self._mine.collector)
        self._mine.collector.add(rows)

    def drain(self, jobs: int = 1, codes: Words | None = None) -> Words:
        """Return the sums in order and forget them, table by table, so that memory hardly grows.

        Groups are dealt into buckets by splitters, which are a sample of them in order; each bucket
        is then put in order by itself.

        Args:
            jobs: Threads to use; no other may be adding.
            codes: For the code of each app, the one it gets; by default it keeps its own.

        Returns:
            Shape (n, 4), as :class:`~.layout.Row` says, the tag counting lines; ordered by contract
            in code-point order, then by code of the app.

        Raises:
            OverflowError: As :meth:`add`.
        """
        codes = np.empty(0, np.uint64) if codes is None else codes
        with ThreadPoolExecutor(jobs) as pool:
            for collector in self._collectors:
                list(pool.map(collector.flush, range(_PARTITIONS)))
            self._collectors, self._mine = [], threading.local()
            splitters = self._splitters()
            dealt = list(pool.map(lambda p: p.assign_buckets(splitters), self._partitions))
            sizes = np.array([sizes for _, sizes in dealt])
            rows = np.empty((int(sizes.sum()), len(Row)), np.uint64)
            move = partial(_Partition.move, codes=codes, target=rows)
            buckets = (assigned for assigned, _ in dealt)
            list(pool.map(move, self._partitions, buckets, _places(sizes)))
            list(pool.map(_sort, np.split(rows, np.cumsum(sizes.sum(axis=0))[:-1])))
        return rows

    def _splitters(self) -> Words:
        """Return groups in order that cut all groups into buckets of about ``_BUCKET_ROWS``."""
        every = _BUCKET_ROWS // _SAMPLED
        sample = np.concatenate([partition.table[::every] for partition in self._partitions])
        sample = sample[sample[:, Row.TAG] != 0]
        _sort(sample)
        return np.ascontiguousarray(sample[_SAMPLED::_SAMPLED])


class _Collector:
    """The rows of one thread, dealt by partition until there are enough to fold."""

    def __init__(self, partitions: list[_Partition]) -> None:
        self._partitions = partitions
        self._buffers = np.empty((_PARTITIONS, _BUFFER_ROWS, len(Row)), np.uint64)
        self._fill = np.zeros(_PARTITIONS, np.uint64)

    def add(self, rows: Words) -> None:
        scatter, done = native.loop("scatter"), 0
        while True:
            done = scatter(
                rows, done, len(rows), self._buffers, _BUFFER_ROWS, self._fill, _PARTITIONS
            )
            if done == len(rows):
                return
            self.flush(int(self._fill.argmax()))

    def flush(self, number: int) -> None:
        self._partitions[number].fold(self._buffers[number], int(self._fill[number]))
        self._fill[number] = 0


class _Partition:
    """The groups of some contracts: a table that grows when four fifths of it are in use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self.table = _empty(_FIRST_SLOTS)
        self._groups = np.zeros(1, np.uint64)

    def fold(self, rows: Words, count: int) -> None:
        """Add the first ``count`` rows."""
        fold, done = native.loop("fold"), 0
        with self._lock:
            while True:
                slots = len(self.table)
                done = fold(rows, done, count, self.table, slots, self._groups, slots * 4 // 5)
                if done == count:
                    return
                if done == OVERFLOW:
                    raise OverflowError(_TOO_LARGE)
                self._grow()

    def _grow(self) -> None:
        """Make a small table four times as large, and a large one half as large again.

        Doubling would leave more of it empty.
        """
        slots, pages = len(self.table), len(self.table) // _HUGE_SLOTS
        larger = _empty(max(pages + 1, pages * 3 // 2) * _HUGE_SLOTS if pages else slots * 4)
        native.loop("rehash")(self.table, len(self.table), larger, len(larger))
        self.table = larger

    def assign_buckets(self, splitters: Words) -> tuple[Words, Words]:
        """Return the bucket of each group, in the order of the table, and the sizes of buckets."""
        assigned = np.empty(int(self._groups[0]), np.uint64)
        sizes = np.zeros(len(splitters) + 1, np.uint64)
        native.loop("assign_buckets")(
            self.table, len(self.table), splitters, len(sizes), assigned, sizes
        )
        return assigned, sizes

    def move(self, assigned: Words, places: Words, codes: Words, target: Words) -> None:
        """Move each group to the next place of its bucket; the partition is empty thereafter."""
        native.loop("fill_buckets")(
            self.table, len(self.table), assigned, places, len(places), codes, len(codes),
            target, len(target),
        )  # fmt: skip
        self._clear()


def _empty(slots: int) -> Words:
    """An empty table of so many slots; in huge pages, where it fills them."""
    if slots < _HUGE_SLOTS:
        return np.zeros((slots, len(Row)), np.uint64)
    memory = mmap.mmap(-1, slots * 8 * len(Row), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if _HUGE_PAGES is not None:
        memory.madvise(_HUGE_PAGES)
    return np.frombuffer(memory, np.uint64).reshape(-1, len(Row))


def _places(sizes: Words) -> Words:
    """Return where each partition's share of each bucket begins, shape (partition, bucket)."""
    by_bucket = sizes.T.ravel()
    starts = np.cumsum(by_bucket) - by_bucket
    return np.ascontiguousarray(starts.reshape(sizes.T.shape).T)


def _sort(rows: Words) -> None:
    """Put rows in order by contract and app, in place."""
    spare, starts = np.empty_like(rows), np.zeros(1 << DIGIT_BITS, np.uint64)
    if native.loop("sort_rows")(rows, len(rows), spare, starts):
        rows[:] = spare
