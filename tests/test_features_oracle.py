"""On whatever logs, the features say what a slow oracle says, whichever way they are computed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engagement_cli as eng
from engagement_cli.contracts import Contracts
from engagement_cli.features.quantiles import quantiles
from engagement_cli.rounding import rounded
from feature_oracle import rounded as slowly_rounded
from feature_oracle import rows
from households import View, write_days

CONTRACTS = ["A", "AB", "HNH579912", "ngườixem", "0", " ", "a contract of more than 16 bytes", "Z"]
APPS = ["CHANNEL", "KPLUS", "VOD", "CHILD", "RELAX", "SPORT", "KARAOKE", ""]
MACS = [None, "", "0C96E62FC55C", "m", "M", "m\0", "a device of more than 16 bytes"]
views = st.builds(
    View,
    st.sampled_from(CONTRACTS),
    st.sampled_from(APPS),
    st.one_of(st.integers(0, 3), st.integers(0, 86400)),
    st.sampled_from(MACS),
)
logs = st.dictionaries(
    st.sampled_from(["20220228", "20220401", "20220402", "20220405", "20220510"]),
    st.lists(views, max_size=25),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(logs, st.sampled_from([1, 2]), st.sampled_from([64, 4096]))
def test_every_strategy_gives_what_the_oracle_gives(
    days: dict[str, list[View]], jobs: int, block_size: int
) -> None:
    days = {day: [View(f"only{day}", "CHANNEL", 1), *views] for day, views in days.items()}
    with TemporaryDirectory() as folder:
        write_days(Path(folder), days)
        frame, batch = (
            eng.run(folder, features="all", strategy=strategy, jobs=jobs, block_size=block_size)
            for strategy in ("incremental", "batch")
        )
    expected = rows({day: days[day] for day in sorted(days)})
    assert frame.to_dict("records") == [
        {name: row[name] for name in frame.columns} for row in expected
    ]
    assert batch.equals(frame)
    assert [*batch.dtypes] == [*frame.dtypes]


@given(
    st.lists(st.integers(0, 2**50), min_size=1, max_size=40), st.integers(1, 12), st.integers(0, 12)
)
def test_quantiles_are_numpys_by_its_method_linear(values: list[int], of: int, part: int) -> None:
    share = Fraction(min(part, of), of)
    (found,) = quantiles(np.array(values, np.int64), [share])
    assert float(found) == pytest.approx(np.quantile(values, float(share)), rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 100])
def test_quartiles_are_numpys_exactly(count: int) -> None:
    values = np.random.default_rng(count).integers(0, 10**9, count)
    shares = [Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]
    assert quantiles(values, shares) == [np.quantile(values, float(share)) for share in shares]


@given(
    st.lists(st.tuples(st.integers(0, 2**62), st.integers(1, 2**62)), min_size=1),
    st.integers(0, 4),
)
def test_rounding_is_half_to_even_of_the_exact_quotient(
    pairs: list[tuple[int, int]], decimals: int
) -> None:
    above, below = np.array(pairs, np.int64).T
    found = rounded(above, below, decimals).tolist()
    assert found == [slowly_rounded(Fraction(*pair), decimals) for pair in pairs]


@given(st.lists(st.integers(0, 400), min_size=1), st.sampled_from([4, 8, 40, 400]))
def test_halves_round_to_the_even_neighbour(values: list[int], below: int) -> None:
    found = rounded(np.array(values, np.int64), below, 2).tolist()
    assert found == [slowly_rounded(Fraction(value, below), 2) for value in values]


names = st.lists(st.text(max_size=20), unique=True)


@given(names, names)
def test_places_of_contracts_are_where_they_stand(here: list[str], there: list[str]) -> None:
    found = Contracts.pack(here).places_of(Contracts.pack(there)).tolist()
    assert found == [here.index(name) if name in here else -1 for name in there]


@given(st.lists(st.text(max_size=20)))
def test_packed_strings_are_the_strings_and_in_their_order(values: list[str]) -> None:
    packed = Contracts.pack(values)
    assert packed.strings().to_pylist() == values
    assert packed.take(packed.order()).strings().to_pylist() == sorted(values)
