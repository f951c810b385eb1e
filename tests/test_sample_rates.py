"""Made-up logs are like real ones: sizes, categories, seconds, names, devices, oddities."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engagement_cli.sample import SampleFile, write_days
from engagement_cli.sample.day import _HEADS, CONTRACTS_LIMIT, _scramble
from made_up import CATEGORY, NOBODY, hits_of, made
from plain_judge import VALID, verdict

if TYPE_CHECKING:
    from pathlib import Path

PART = 16  # of a full-size day
ONE_DAY = {"TV": 1_355_366, "Movie": 86_312, "Child": 33_056, "Relax": 6_394, "Sport": 2_292}
ONE_DAY_SECONDS = {
    "TV": 24_690_792_816,
    "Movie": 627_150_472,
    "Child": 178_570_178,
    "Relax": 20_907_906,
    "Sport": 1_166_238,
}
LOOSE = {"TV": 0.01, "Movie": 0.05, "Child": 0.05, "Relax": 0.2, "Sport": 0.3}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> SampleFile:
    [file] = write_days(tmp_path_factory.mktemp("day"), days=1, lines=1_600_000 // PART, seed=3)
    return file


@pytest.fixture(scope="module")
def lines(day: SampleFile) -> list[bytes]:
    return day.path.read_bytes().splitlines()


@pytest.fixture(scope="module")
def sources(lines: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line)["_source"] for line in lines]


def test_a_line_has_the_size_of_a_real_one(day: SampleFile) -> None:
    assert day.size == day.path.stat().st_size
    assert day.size / day.lines == pytest.approx(174, abs=1)


def test_contracts_and_seconds_by_category_are_those_of_a_real_day(
    sources: list[dict[str, Any]],
) -> None:
    contracts: dict[str, set[str]] = {name: set() for name in ONE_DAY}
    seconds: Counter[str] = Counter()
    for source in sources:
        category = CATEGORY.get(source.get("AppName", ""))
        if category and source["Contract"] not in NOBODY:
            contracts[category].add(source["Contract"])
            seconds[category] += source["TotalDuration"]
    for name, loose in LOOSE.items():
        assert len(contracts[name]) * PART == pytest.approx(ONE_DAY[name], rel=loose), name
        assert seconds[name] * PART == pytest.approx(ONE_DAY_SECONDS[name], rel=loose), name


def test_odd_things_happen_as_often_as_in_real_logs(
    lines: list[bytes], sources: list[dict[str, Any]]
) -> None:
    counts = {
        "nobody": sum(source["Contract"] == "0" for source in sources),
        "addresses": sum("." in source["Contract"] for source in sources),
        "zero seconds": sum(source["TotalDuration"] == 0 for source in sources),
        "unmapped": sum(source.get("AppName") not in CATEGORY for source in sources),
        "repeats": len(lines) - len(set(lines)),
    }
    percent = {name: count / len(lines) * 100 for name, count in counts.items()}
    real = {
        "nobody": 0.06,
        "addresses": 0.02,
        "zero seconds": 0.35,
        "unmapped": 0.12,
        "repeats": 0.05,
    }
    assert percent == pytest.approx(real, abs=0.02)
    assert max(source["TotalDuration"] for source in sources) <= 86_400


def test_contracts_are_mostly_nine_letters_and_digits(sources: list[dict[str, Any]]) -> None:
    lengths = Counter(len(source["Contract"]) for source in sources)
    assert lengths[9] / len(sources) > 0.95
    assert max(lengths) <= 15


def test_devices_are_a_little_more_than_contracts_and_some_serve_several(
    sources: list[dict[str, Any]],
) -> None:
    pairs = {(source["Mac"], source["Contract"]) for source in sources}
    assert len(pairs) / len({contract for _, contract in pairs}) == pytest.approx(1.08, abs=0.01)
    shared = Counter(mac for mac, _ in pairs)
    assert 0.001 < sum(count > 1 for count in shared.values()) / len(shared) < 0.02
    assert {len(mac) for mac in shared} == {12}


def test_ids_are_those_of_elasticsearch_and_repeat_only_with_their_line(
    lines: list[bytes],
) -> None:
    events = {line: json.loads(line)["_id"] for line in lines}
    assert len(events) == len(set(events.values()))
    assert {(len(event), event[:3]) for event in events.values()} == {(20, "AX_")}


def test_each_contract_is_seen_about_once_a_day(sources: list[dict[str, Any]]) -> None:
    seen = {source["Contract"] for source in sources}
    assert len(seen) / len(sources) == pytest.approx(0.915, abs=0.005)


@pytest.mark.parametrize(("contracts", "seen"), [(1, 1), (100, 100), (2_000, 1_900)])
def test_contracts_says_how_many_exist(tmp_path: Path, contracts: int, seen: int) -> None:
    hits = hits_of(made(tmp_path, lines=4_000, contracts=contracts))
    names = {hit["_source"]["Contract"] for hit in hits}
    assert seen <= len({name for name in names - NOBODY if "." not in name}) <= contracts


def test_no_two_contracts_have_one_name() -> None:
    assert len(set(_HEADS.tolist())) * 10_000 >= CONTRACTS_LIMIT
    numbers = _scramble(np.arange(0, CONTRACTS_LIMIT, 1009, dtype=np.uint64), 12345)
    assert np.unique(numbers).size == numbers.size
    assert numbers.max() < CONTRACTS_LIMIT


def test_clean_logs_hold_no_line_that_is_rejected(lines: list[bytes]) -> None:
    assert Counter(map(verdict, lines)) == {VALID: 100_000}
