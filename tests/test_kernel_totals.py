"""Totals are what a dictionary would hold, in order, whoever adds and in whatever portions."""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement_cli.kernel.layout import LINES_MASK, TAG_SHIFT, Row, rows_of
from engagement_cli.kernel.totals import Totals

Key = tuple[int, int, int]


def expected(columns: list[list[np.ndarray]]) -> list[tuple[int, ...]]:
    seconds: Counter[Key] = Counter()
    lines: Counter[Key] = Counter()
    for hi, lo, app, value, count in columns:
        for *key, one, many in zip(*(c.tolist() for c in (hi, lo, app, value, count)), strict=True):
            seconds[key[0], key[1], key[2]] += one
            lines[key[0], key[1], key[2]] += many
    return [(*key, seconds[key], lines[key]) for key in sorted(lines)]


def listed(rows: np.ndarray) -> list[tuple[int, ...]]:
    return [
        (
            row[Row.HI],
            row[Row.LO],
            row[Row.TAG] >> TAG_SHIFT,
            row[Row.SECONDS],
            row[Row.TAG] & LINES_MASK,
        )
        for row in rows.tolist()
    ]


def drawn(rng: np.random.Generator, count: int, contracts: int, apps: int) -> list[np.ndarray]:
    pool = rng.integers(0, 2**64, contracts, dtype=np.uint64)
    return [
        pool[rng.integers(0, contracts, count)],
        pool[rng.integers(0, min(contracts, 3), count)],
        rng.integers(0, apps, count),
        rng.integers(0, 2**31, count),
        rng.integers(1, 2**20, count),
    ]


@pytest.mark.parametrize(
    ("count", "contracts", "apps"),
    [(0, 1, 1), (1, 1, 1), (1000, 1, 1), (5000, 1, 3000), (50_000, 30_000, 3), (200_000, 50, 9)],
)
def test_totals_are_those_of_a_dictionary(count: int, contracts: int, apps: int) -> None:
    columns = drawn(np.random.default_rng(count), count, contracts, apps)
    totals = Totals()
    totals.add(rows_of(*columns))
    assert listed(totals.drain()) == expected([columns])


@pytest.mark.parametrize("form", ["HNH{:06}", "contract-{:06}", "{:x}", "C{0:06}{0:06}"])
def test_contracts_that_differ_in_few_bytes_come_out_in_order(form: str) -> None:
    rng = np.random.default_rng(5)
    names = [form.format(number).encode() for number in rng.integers(0, 10**6, 20_000)]
    words = [int.from_bytes(name.ljust(16, b"\0"), "big") for name in names]
    columns: list[np.ndarray] = [
        np.array([word >> 64 for word in words], np.uint64),
        np.array([word & (2**64 - 1) for word in words], np.uint64),
        rng.integers(0, 3, len(words)),
        rng.integers(0, 2**31, len(words)),
        np.ones(len(words), np.int64),
    ]
    totals = Totals()
    totals.add(rows_of(*columns))
    assert listed(totals.drain()) == expected([columns])


def test_threads_that_add_in_small_portions_lose_nothing() -> None:
    rng = np.random.default_rng(7)
    columns = [drawn(np.random.default_rng(1), 60_000, 20_000, 4) for _ in range(2)]
    columns += [drawn(rng, 60_000, 20_000, 4) for _ in range(4)]
    totals = Totals()

    def add(mine: list[np.ndarray]) -> None:
        rows = rows_of(*mine)
        for start in range(0, len(rows), 777):
            totals.add(rows[start : start + 777])

    threads = [threading.Thread(target=add, args=(mine,)) for mine in columns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert listed(totals.drain(jobs=3)) == expected(columns)


def test_drained_totals_begin_from_nothing() -> None:
    columns = drawn(np.random.default_rng(3), 3000, 500, 5)
    totals = Totals()
    for _ in range(2):
        totals.add(rows_of(*columns))
        assert listed(totals.drain()) == expected([columns])
    assert listed(totals.drain()) == []


def test_sums_of_sums_are_the_sums_of_all() -> None:
    parts = [drawn(np.random.default_rng(seed), 4000, 900, 3) for seed in range(3)]
    whole = Totals()
    for part in parts:
        totals = Totals()
        totals.add(rows_of(*part))
        whole.add(totals.drain())
    assert listed(whole.drain()) == expected(parts)


def test_rows_that_count_one_line_each_need_no_column_for_it() -> None:
    hi = np.array([5, 5], np.uint64)
    totals = Totals()
    totals.add(rows_of(hi, hi, np.array([2, 2]), np.array([3, 4])))
    assert listed(totals.drain()) == [(5, 5, 2, 7, 2)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 2**63, 2**64 - 1, 2**32]),
            st.sampled_from([0, 1, 2**64 - 1, 256, 2**32]),
            st.sampled_from([0, 1, 2**24 - 1]),
            st.integers(0, 2**31 - 1),
            st.integers(1, 2**20),
        ),
        max_size=60,
    )
)
def test_contracts_and_apps_at_the_ends_of_their_ranges_are_told_apart(
    rows: list[tuple[int, ...]],
) -> None:
    table = np.array(rows, object).reshape(-1, 5).T
    columns = [table[0].astype(np.uint64), table[1].astype(np.uint64), *table[2:].astype(np.int64)]
    totals = Totals()
    totals.add(rows_of(*columns))
    assert listed(totals.drain()) == expected([columns])


@pytest.mark.parametrize(("seconds", "lines"), [(2**62, 1), (1, 2**39)])
def test_a_sum_that_outgrows_its_word_is_an_error(seconds: int, lines: int) -> None:
    one = np.ones(1, np.uint64)
    totals = Totals()
    for _ in range(2):
        totals.add(rows_of(one, one, np.array([3]), np.array([seconds]), np.array([lines])))
    with pytest.raises(OverflowError, match="seconds"):
        totals.drain()
