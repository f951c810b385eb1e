"""Compact sums say of any days what plain sums say, and besides on which days each group was."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement_cli import kernel
from engagement_cli.aggregate import Partial
from engagement_cli.categories import builtin_table
from engagement_cli.compact import Compact, CompactSum, Joint, Merger, NotCompactError
from engagement_cli.contracts import Contracts
from engagement_cli.features.activity import active_days
from engagement_cli.features.material import day_number
from engagement_cli.kernel.layout import ENTRY_APPS, NARROW, WIDE, rows_of
from engagement_cli.pivot import Mapped, pivot_groups, tells_days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Summed = Callable[[Iterable[tuple[int, "Groups"]]], Compact]

Groups = dict[tuple[str, str], tuple[int, int]]
"""Seconds and lines by contract and app."""

FIRST = date(2022, 3, 30)
TABLE = builtin_table()
APPS = ("KPLUS", "SPORT", "VOD", "CHANNEL", "unheard of", "")

EDGES_OF_SECONDS = [most + more for most in (4_194_303, 2**34 - 1) for more in (0, 1)]
EDGES_OF_LINES = [1023, 1024, 2**18 - 1, 2**18, 3 * 2**18]
"""The largest sums that one entry may hold, and those that need another."""

names = st.sampled_from(["a", "b", "HNH000001", "ÄÖ", "0", "x" * 16, "x" * 17, "x" * 40, "ab" * 9])
seconds = st.integers(0, 10**6) | st.sampled_from(EDGES_OF_SECONDS)
lines = st.integers(1, 50) | st.sampled_from(EDGES_OF_LINES)
groups = st.dictionaries(
    st.tuples(names, st.sampled_from(APPS)), st.tuples(seconds, lines), max_size=12
)
days = st.lists(st.tuples(st.integers(0, 63), groups), max_size=6, unique_by=lambda day: day[0])


def partial_of(day: Mapping[tuple[str, str], tuple[int, int]]) -> Partial:
    apps = tuple(sorted({app for _, app in day}))
    packed = Contracts.pack([contract for contract, _ in day])
    columns = (
        np.array([apps.index(app) for _, app in day], np.int64),
        np.array([seconds for seconds, _ in day.values()], np.int64),
        np.array([lines for _, lines in day.values()], np.int64),
    )
    return Partial.sum([Partial(rows_of(packed.hi, packed.lo, *columns), apps, packed.long)])


def day_of(number: int) -> date:
    return FIRST + timedelta(days=number)


def merged(parts: Iterable[tuple[int, Groups]]) -> Compact:
    merger = Merger(CompactSum.empty())
    for number, day in parts:
        merger.add(CompactSum.of(partial_of(day), day_of(number)))
    return merger.total()


def joined(parts: Iterable[tuple[int, Groups]]) -> Compact:
    """The sum of days, half of which stand apart from the other half."""
    parts = list(parts)
    halves = [merged(parts[::2]), merged(parts[1::2])]
    base, top = (half for half in halves if isinstance(half, CompactSum))
    return Joint.of(base, top) if kernel.available() else base.merged(top)


def added(parts: Iterable[tuple[int, Groups]]) -> Partial:
    return Partial.sum([partial_of(day) for _, day in parts])


ways = pytest.mark.parametrize("summed", [merged, joined], ids=["in one table", "in two"])


@ways
@settings(deadline=None)
@given(parts=days)
def test_a_sum_of_days_in_any_order_is_that_of_plain_sums(
    summed: Summed, parts: list[tuple[int, Groups]]
) -> None:
    assert summed(parts).partial() == added(parts)


@ways
@settings(deadline=None)
@given(parts=days)
def test_the_active_days_are_those_on_which_a_contract_has_a_line_of_a_mapped_app(
    summed: Summed, parts: list[tuple[int, Groups]]
) -> None:
    total = summed(parts)
    expected: dict[str, set[int]] = defaultdict(set)
    for number, day in parts:
        for contract, app in day:
            if TABLE.category_of(app) is not None and not TABLE.is_nobody(contract):
                expected[contract].add(day_number(day_of(number)))
    pivot = pivot_groups(Mapped(total, TABLE), TABLE)
    if not tells_days(total, TABLE):
        assert pivot.active is None
        return
    assert pivot.active is not None
    active = active_days(pivot.active)
    told = {
        contract: (days, first, last)
        for contract, days, first, last in zip(
            pivot.frame["Contract"], active.days, active.first, active.last, strict=True
        )
    }
    assert told == {
        contract: (len(days), min(days), max(days)) for contract, days in expected.items()
    }


@ways
@settings(deadline=None)
@given(parts=days)
def test_a_compact_sum_is_pivoted_as_a_plain_one(
    summed: Summed, parts: list[tuple[int, Groups]]
) -> None:
    one, other = (
        pivot_groups(Mapped(total, TABLE), TABLE, keep_unmapped=True)
        for total in (summed(parts), added(parts))
    )
    assert one.frame.equals(other.frame)
    assert (one.accepted, one.filtered) == (other.accepted, other.filtered)
    assert (one.categories, one.unmapped) == (other.categories, other.unmapped)


def test_a_few_large_groups_among_many_take_several_narrow_entries() -> None:
    day = {(f"HNH{number:06}", "KPLUS"): (number, 1) for number in range(100)}
    large = {("HNH000007", "KPLUS"): (3 * 4_194_303, 2), ("HNH000009", "VOD"): (5, 2048)}
    total = merged([(0, day | large), (1, day), (2, large)])
    assert isinstance(total, CompactSum)
    assert total.columns.form.bits == NARROW
    assert total.partial() == added([(0, day | large), (1, day), (2, large)])


def test_where_many_groups_are_large_entries_are_wide() -> None:
    day: Groups = {(f"HNH{number:06}", "KPLUS"): (4_194_304, 1) for number in range(1001)}
    total = merged([(0, {("a", "KPLUS"): (1, 1)}), (1, day)])
    assert isinstance(total, CompactSum)
    assert total.columns.form.bits == WIDE
    assert total.partial() == added([(0, {("a", "KPLUS"): (1, 1)}), (1, day)])


def test_days_further_apart_than_a_word_has_bits_are_summed_and_not_told() -> None:
    parts = [(0, {("a", "KPLUS"): (5, 1)}), (64, {("a", "KPLUS"): (6, 1)})]
    total = merged(parts)
    assert joined(parts).first is total.first is None
    assert total.partial() == added(parts)


def test_a_sum_of_what_has_no_day_tells_none() -> None:
    day = partial_of({("a", "KPLUS"): (5, 1)})
    assert CompactSum.of(day, FIRST).merged(CompactSum.of(day)).first is None


@pytest.mark.parametrize(
    "day",
    [
        {("a", f"app {number:04}"): (1, 1) for number in range(ENTRY_APPS + 1)},
        {("a", "KPLUS"): (2**62, 1)},
    ],
    ids=["thousands of apps", "millions of years"],
)
def test_what_has_no_place_is_refused(day: Groups) -> None:
    with pytest.raises(NotCompactError):
        CompactSum.of(partial_of(day), FIRST)


def test_without_machine_code_sums_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[tuple[int, Groups]] = [
        (0, {("a", "KPLUS"): (5, 1), ("b", "VOD"): (7, 2), ("x" * 17, "VOD"): (1, 1)}),
        (1, {("b", "VOD"): (1, 1), ("c", "SPORT"): (2, 2), ("x" * 30, "VOD"): (1, 1)}),
    ]
    monkeypatch.setenv(kernel.SWITCH, "1")
    assert merged(parts).partial() == added(parts)
