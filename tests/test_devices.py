"""Sets of devices unite and are counted by machine code as sets of Python are."""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement_cli import devices, kernel
from engagement_cli.contracts import Contracts
from engagement_cli.devices import Devices, Union
from engagement_cli.kernel import pairs

Named = list[tuple[str, str]]

contracts = st.sampled_from(
    ["a", "b", "", "ab", "HNH000001", "HNH000002", "ÄÖ", "x" * 16, "x" * 17, "x" * 40, "ab" * 9]
)
macs = st.sampled_from(["", "m", "0C96E62FC55C", "0C96E62FC55D", "y" * 16, "y" * 17, "y" * 30])
named = st.lists(st.tuples(contracts, macs), max_size=40)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code is used for a few pairs already."""
    assert kernel.available()
    monkeypatch.setattr(devices, "_RUN_ROWS", 6)
    monkeypatch.setattr(devices, "_PAYS_FROM_PAIRS", 3)


def set_of(part: Named) -> Devices:
    united = Union()
    united.add_columns(*packed(part))
    return united.total()


def packed(part: Named) -> tuple[Contracts, Contracts]:
    return Contracts.pack([one for one, _ in part]), Contracts.pack([mac for _, mac in part])


def told(found: Devices) -> Named:
    names = found.contracts.strings().to_pylist(), found.macs.strings().to_pylist()
    return list(zip(*names, strict=True))


def words(found: Devices) -> list[list[int]]:
    return [column.tolist() for column in found.pairs]


def expected(parts: list[Named]) -> Named:
    every = {pair for part in parts for pair in part if pair[1]}
    return sorted(every, key=lambda pair: [name.encode() for name in pair])


@settings(deadline=None)
@given(st.lists(named, max_size=6))
def test_a_union_holds_each_pair_once_and_in_order(parts: list[Named]) -> None:
    assert told(Devices.union(map(set_of, parts))) == expected(parts)
    united = Union()
    for part in parts:
        united.add_columns(*packed(part))
    assert told(united.total()) == expected(parts)


@settings(deadline=None)
@given(st.lists(named, max_size=6), st.sets(contracts))
def test_devices_are_counted_by_contract_in_any_order(parts: list[Named], asked: set[str]) -> None:
    found = Devices.union(map(set_of, parts))
    counts = Counter(contract for contract, _ in expected(parts))
    for names in (sorted(asked, key=str.encode), sorted(asked, key=str.encode, reverse=True)):
        assert found.count(Contracts.pack(names)).tolist() == [counts[name] for name in names]
    everyone = np.ones(len(found), np.bool_)
    assert found.distinct(everyone) == len({mac for _, mac in expected(parts)})


@settings(deadline=None)
@given(named)
def test_hashed_sets_are_in_order_with_and_without_machine_code(part: Named) -> None:
    found = set_of(part)
    hashed = found.hashed(b"k" * 32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(kernel.SWITCH, "1")
        plain = found.hashed(b"k" * 32)
    assert words(hashed) == words(plain) == words(Devices.union([hashed, hashed]))


def drawn(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    pool = rng.integers(0, 2**63, (count // 3, 4), np.uint64)
    pool[:, :3] >>= np.uint64(56)
    return pool[rng.integers(0, len(pool), count)]


@pytest.mark.parametrize("count", [3, 8, 9, 100, 5000, 70_001])
def test_rows_are_put_in_order_each_once(count: int) -> None:
    rows = drawn(count, count)
    plain = np.unique(rows, axis=0)
    assert np.array_equal(np.column_stack(pairs.in_order(rows.copy())), plain)
    grouped = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    assert np.array_equal(np.column_stack(pairs.in_order(grouped, by_contract=True)), plain)


def test_any_thread_adds_runs() -> None:
    parts = [drawn(seed, 30_000) for seed in range(24)]
    runs = pairs.Runs()
    assert not runs

    def add(mine: list[np.ndarray]) -> None:
        for part in mine:
            runs.add(pairs.in_order(part.copy()))

    threads = [threading.Thread(target=add, args=(parts[at::4],)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = np.unique(np.concatenate(parts), axis=0)
    assert np.array_equal(np.column_stack(runs.total()), expected)
