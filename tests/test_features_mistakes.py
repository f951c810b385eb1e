"""The mistakes that pipelines of this job make, each made impossible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import engagement_cli as eng
from households import View, write_days

if TYPE_CHECKING:
    from pathlib import Path

TV, MOVIE, SPORT = "CHANNEL", "VOD", "SPORT"


def test_1_the_label_of_one_day_is_not_taken_for_the_whole_range(tmp_path: Path) -> None:
    """Movie leads on two days of three, and is the larger name; TV leads in all."""
    days = {
        "20220401": [View("A", TV, 1000), View("A", MOVIE, 1)],
        "20220402": [View("A", TV, 1), View("A", MOVIE, 100)],
        "20220403": [View("A", MOVIE, 200)],
    }
    frame = eng.run(write_days(tmp_path / "logs", days), features="most-watch")
    assert frame["MostWatch"].tolist() == ["TV"]


def test_2_a_tie_gives_one_row(tmp_path: Path) -> None:
    days = {"20220401": [View("A", SPORT, 60), View("A", MOVIE, 60)]}
    frame = eng.run(write_days(tmp_path / "logs", days), features="most-watch")
    assert frame[["Contract", "MostWatch"]].values.tolist() == [["A", "Movie"]]


def test_3_nothing_watched_is_no_most_watched_and_no_taste(tmp_path: Path) -> None:
    days = {"20220401": [View("A", TV, 0), View("A", SPORT, 0)]}
    frame = eng.run(write_days(tmp_path / "logs", days), features=["most-watch", "taste", "share"])
    assert frame.iloc[0].tolist() == ["A", 0, 0, 0, 0, 0, "", "", 0.0, 0.0, 0.0, 0.0, 0.0]


def test_4_distinct_days_and_devices_are_counted_and_not_rows_or_seconds(tmp_path: Path) -> None:
    days = {
        "20220401": [
            View("A", TV, 86400, "m1"),
            View("A", TV, 86400, "m1"),
            View("A", TV, 9, "m2"),
        ],
        "20220402": [View("A", TV, 5, "m1")],
    }
    frame = eng.run(write_days(tmp_path / "logs", days), features=["active-days", "devices"])
    assert frame[["ActiveDays", "TotalDevices"]].values.tolist() == [[2, 2]]


def test_4_two_files_of_one_day_are_one_day(tmp_path: Path) -> None:
    files = {"20220401": [View("A", TV, 1)], "20220401-part-2": [View("A", TV, 2)]}
    frame = eng.run(write_days(tmp_path / "logs", files), features=["active-days", "activeness"])
    assert frame[["ActiveDays", "Activeness"]].values.tolist() == [[1, 100.0]]


def test_5_a_contract_of_several_files_has_one_row(tmp_path: Path) -> None:
    days = {f"202204{day:02}": [View("A", TV, day)] for day in range(1, 10)}
    frame = eng.run(write_days(tmp_path / "logs", days), features="all")
    assert frame[["Contract", "TotalDuration", "ActiveDays"]].values.tolist() == [["A", 45, 9]]


def test_6_the_columns_do_not_depend_on_the_data(tmp_path: Path) -> None:
    poor = write_days(tmp_path / "poor", {"20220401": [View("A", TV, 1)]})
    rich = write_days(tmp_path / "rich", {"20220401": [View("A", SPORT, 1, "m"), View("B", TV, 9)]})
    one, other = eng.run(poor, features="all"), eng.run(rich, features="all")
    assert [*one.columns] == [*other.columns]
    assert [*one.dtypes] == [*other.dtypes]


def test_8_the_sum_of_a_household_is_not_capped(tmp_path: Path) -> None:
    days = {"20220401": [View("A", TV, 86400, "m1"), View("A", TV, 86400, "m2")]}
    frame = eng.run(write_days(tmp_path / "logs", days), features="total")
    assert frame["TotalDuration"].tolist() == [172800]


def test_9_a_missing_day_lowers_the_activeness_of_an_asked_range(tmp_path: Path) -> None:
    days = {"20220401": [View("A", TV, 1)], "20220403": [View("A", TV, 2)]}
    folder = write_days(tmp_path / "logs", days)
    frame = eng.run(folder, since="20220401", until="20220403", features="activeness")
    assert frame["Activeness"].tolist() == [66.67]
    assert frame.attrs["account"]["missing_days"] == ["2022-04-02"]
