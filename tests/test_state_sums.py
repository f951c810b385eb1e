"""What came since is kept beside the sum of a month, and a result is what it would be without."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engagement_cli import compact
from program import run
from stored import Lines, Place, csv_of, flipped

if TYPE_CHECKING:
    from collections.abc import Callable

APPS = ("CHANNEL", "KPLUS", "VOD", "CHILD", "RELAX", "SPORT", "ZALO")


def day_of(dice: random.Random, count: int) -> Lines:
    return tuple((f"HNH{dice.randrange(300):06}", dice.choice(APPS), 60) for _ in range(count))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A large day, stored; every sum is large enough to have a small one beside it."""
    monkeypatch.setattr(compact, "_LARGE", 0)
    place = Place(tmp_path)
    place.log("20220401.json", day_of(random.Random(1), 2000))
    night(place)
    return place


def night(place: Place) -> bytes:
    """What a run writes that adds what is new."""
    out = place.folder / "out.csv"
    assert run("run", "-q", "-i", place.logs, "--state", place.state, "-o", out).status == 0
    return out.read_bytes()


def sums(place: Place) -> dict[str, int]:
    """The kept sums by name, with their size."""
    return {path.name: path.stat().st_size for path in (place.state / "sums").iterdir()}


def test_a_large_sum_stays_as_it_is_until_what_came_since_is_no_longer_small(place: Place) -> None:
    dice, nights = random.Random(2), [sums(place)]
    for day in range(2, 13):
        place.log(f"202204{day:02}.json", day_of(dice, 200))
        assert night(place) == place.plain()
        assert place.export() == place.plain()
        nights.append(sums(place))
    largest = [max(kept, key=kept.__getitem__) for kept in nights]
    assert [len(kept) for kept in nights[:4]] == [1, 2, 2, 2]
    assert largest[:4] == largest[:1] * 4, "the large sum was written again"
    assert len({*largest}) > 1, "the small one was never added to it"


def test_days_of_a_range_are_told_from_both_sums(place: Place) -> None:
    place.log("20220402.json", day_of(random.Random(3), 200))
    night(place)
    for wanted in (
        ["--features", "active-days"],
        ["--since", "2022-04-02"],
        ["--until", "2022-04-01"],
    ):
        assert place.export(*wanted) == place.plain(*wanted)


def flip(path: Path) -> None:
    flipped(path, 100, 3)


@pytest.mark.parametrize("spoil", [flip, Path.unlink])
@pytest.mark.parametrize("which", [0, 1])
def test_without_either_of_two_sums_the_result_is_the_same(
    place: Place, which: int, spoil: Callable[[Path], None]
) -> None:
    place.log("20220402.json", day_of(random.Random(4), 200))
    expected = night(place)
    spoil(sorted((place.state / "sums").iterdir())[which])
    assert place.export() == expected


def test_a_small_sum_goes_when_it_is_written_anew(place: Place) -> None:
    for day in range(2, 5):
        place.log(f"2022040{day}.json", day_of(random.Random(day), 100))
        night(place)
        assert len(sums(place)) == 2


@pytest.mark.parametrize("name", ["20220401.json", "20220402.json"])
def test_a_corrected_day_counts_as_it_is_now(place: Place, name: str) -> None:
    place.log("20220402.json", day_of(random.Random(5), 200))
    night(place)
    place.log(name, day_of(random.Random(6), 300))
    assert night(place) == place.plain()
    assert place.export() == place.plain()


def test_several_new_days_at_once_are_added_as_one_after_the_other(place: Place) -> None:
    days = {day: day_of(random.Random(day), 100) for day in range(2, 5)}
    for day, lines in days.items():
        place.log(f"2022040{day}.json", lines)
    assert night(place) == place.plain()
    place.log("20220405.json", ())
    assert night(place) == place.plain()
    assert place.export("--since", "2022-04-02") == csv_of(
        [tuple(line for line in lines if line[1] != "ZALO") for lines in days.values()]
    )


def test_sums_of_two_ranges_that_become_one_are_kept_as_one(place: Place) -> None:
    for day in range(2, 9):
        place.log(f"2022040{day}.json", day_of(random.Random(day), 2000))
    assert place.ingest("-q").status == 0
    for path in (place.state / "sums").iterdir():
        path.unlink()
    both = ("--until", "2022-04-02")
    place.export("--until", "2022-04-01")
    place.export("--since", "2022-04-02", *both)
    apart = sums(place)
    assert place.export(*both) == place.plain(*both)
    together = sums(place)
    assert len(apart) == 2
    assert max(together.values()) > max(apart.values())
    assert place.export(*both) == place.plain(*both)
    assert sums(place) == together


def test_where_one_more_app_has_no_place_the_result_is_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "ENTRY_APPS", len(APPS))
    place.log("20220402.json", (("HNH000001", "one more", 5), ("HNH000002", "VOD", 7)))
    assert night(place) == place.plain()
    assert place.export() == place.plain()
