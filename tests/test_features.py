"""What each feature says of five contracts, worked out by hand."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from households import FIVE, View, write_days
from program import run

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """\
version: 1
categories:
  TV: {column: TVDuration, label: Truyền Hình, apps: [CHANNEL, DSHD, KPLUS]}
  Movie: {column: MovieDuration, label: Phim Truyện, apps: [VOD]}
  Child: {column: ChildDuration, label: Thiếu Nhi, apps: [CHILD]}
  Relax: {column: RelaxDuration, label: Giải Trí, apps: [RELAX]}
  Sport: {column: SportDuration, label: Thể Thao, apps: [SPORT]}
"""


@pytest.fixture
def five(tmp_path: Path) -> Path:
    return write_days(tmp_path / "logs", FIVE)


def columns(folder: Path, names: str, *options: object, features: str = "") -> dict[str, list[str]]:
    """The columns that features add, by name; ``features`` is what the table says of them."""
    table = folder.parent / "table.yaml"
    table.write_text(TABLE + (f"features:\n{features}" if features else ""), encoding="utf-8")
    asked = ["-q", "-i", folder, "-o", "-", "--categories", table, "--features", names, *options]
    result = run("run", *asked)
    assert result.status == 0, result.err
    batch = run("run", *asked, "--strategy", "batch", "--jobs", 1)
    assert batch.out == result.out
    rows = list(csv.reader(io.StringIO(result.out.decode(), newline="")))
    return dict(zip(rows[0], map(list, zip(*rows[1:], strict=True)), strict=True))


def test_the_default_output_has_no_features(five: Path) -> None:
    assert list(columns(five, "")) == [
        "Contract",
        "TVDuration",
        "MovieDuration",
        "ChildDuration",
        "RelaxDuration",
        "SportDuration",
    ]


def test_all_features_of_five_contracts(five: Path) -> None:
    assert columns(five, "all") == {
        "Contract": ["A", "B", "C", "D", "E"],
        "TVDuration": ["200", "30", "0", "500", "0"],
        "MovieDuration": ["0", "30", "0", "100", "0"],
        "ChildDuration": ["0", "0", "0", "100", "0"],
        "RelaxDuration": ["0", "0", "0", "200", "0"],
        "SportDuration": ["0", "0", "0", "100", "7"],
        "TotalDuration": ["200", "60", "0", "1000", "7"],
        "MostWatch": ["TV", "TV", "", "TV", "Sport"],
        "Taste": ["TV", "TV-Movie", "", "TV-Movie-Child-Relax-Sport", "Sport"],
        "ActiveDays": ["3", "2", "1", "3", "1"],
        "FirstDay": ["2022-04-01", "2022-04-01", "2022-04-01", "2022-04-01", "2022-04-04"],
        "LastDay": ["2022-04-04", "2022-04-02", "2022-04-01", "2022-04-04", "2022-04-04"],
        "Activeness": ["100", "66.67", "33.33", "100", "33.33"],
        "ActivenessLevel": ["High", "Medium", "Low", "High", "Low"],
        "TotalDevices": ["2", "2", "0", "3", "1"],
        "TVShare": ["1", "0.5", "0", "0.5", "0"],
        "MovieShare": ["0", "0.5", "0", "0.1", "0"],
        "ChildShare": ["0", "0", "0", "0.1", "0"],
        "RelaxShare": ["0", "0", "0", "0.2", "0"],
        "SportShare": ["0", "0", "0", "0.1", "1"],
        "EngagementType": ["VeryHigh", "High", "Low", "VeryHigh", "Medium"],
        "Clinginess": ["VeryHigh", "High", "Low", "VeryHigh", "Low"],
        "Recency": ["0", "2", "3", "0", "0"],
        "Frequency": ["3", "2", "1", "3", "1"],
        "Monetary": ["200", "60", "0", "1000", "7"],
        "RFMScore": ["444", "233", "121", "444", "422"],
        "Segment": ["High", "Mid", "Low", "High", "Mid"],
    }


def test_features_come_in_the_order_of_the_page_however_they_are_asked_for(five: Path) -> None:
    assert list(columns(five, "taste, total,taste,most-watch"))[6:] == [
        "TotalDuration",
        "MostWatch",
        "Taste",
    ]


def test_an_unknown_feature_is_a_usage_error_that_lists_those_there_are(five: Path) -> None:
    result = run("run", "-i", five, "-o", "-", "--features", "mostwatch")
    assert (result.status, result.out) == (2, b"")
    assert "'mostwatch'" in result.err
    assert "most-watch, taste" in result.err


@pytest.mark.parametrize(
    ("labels", "most"),
    [
        ("key", ["TV", "TV", "", "TV", "Sport"]),
        ("label", ["Truyền Hình", "Truyền Hình", "", "Truyền Hình", "Thể Thao"]),
        ("column", ["TVDuration", "TVDuration", "", "TVDuration", "SportDuration"]),
    ],
)
def test_labels_choose_what_values_call_a_category(
    five: Path, labels: str, most: list[str]
) -> None:
    found = columns(five, "most-watch,taste", "--labels", labels)
    assert found["MostWatch"] == most
    assert found["Taste"][1].split("-")[0] == most[1]


class TestMostWatch:
    def test_ties_may_list_all(self, five: Path) -> None:
        features = "  most-watch: {ties: all, separator: '/'}\n"
        found = columns(five, "most-watch", features=features)["MostWatch"]
        assert found == ["TV", "TV/Movie", "", "TV", "Sport"]

    def test_unmapped_apps_do_not_compete(self, five: Path) -> None:
        found = columns(five, "total,most-watch,share", "--unmapped", "keep")
        assert found["MostWatch"] == ["TV", "TV", "", "TV", "Sport"]
        assert found["TotalDuration"][-1] == "1006"
        assert found["SportShare"][-1] == "0.007"
        assert found["OtherShare"] == ["0", "0", "0", "0", "0.993"]


class TestTaste:
    @pytest.mark.parametrize(
        ("parameters", "taste"),
        [
            (
                "separator: ' + '",
                ["TV", "TV + Movie", "", "TV + Movie + Child + Relax + Sport", "Sport"],
            ),
            ("more_than: 100", ["TV", "", "", "TV-Relax", ""]),
            ("more_than: 99", ["TV", "", "", "TV-Movie-Child-Relax-Sport", ""]),
            ("min_share: 0.2", ["TV", "TV-Movie", "", "TV-Relax", "Sport"]),
            ("min_share: 0.5, more_than: 29", ["TV", "TV-Movie", "", "TV", ""]),
            ("order: seconds", ["TV", "TV-Movie", "", "TV-Relax-Movie-Child-Sport", "Sport"]),
            ("order: seconds, most: 3", ["TV", "TV-Movie", "", "TV-Relax-Movie", "Sport"]),
            ("most: 2", ["TV", "TV-Movie", "", "TV-Movie", "Sport"]),
            ("all: All", ["TV", "TV-Movie", "", "All", "Sport"]),
            ("all: All, order: seconds, most: 1", ["TV", "TV", "", "All", "Sport"]),
        ],
    )
    def test_its_parameters(self, five: Path, parameters: str, taste: list[str]) -> None:
        features = f"  taste: {{{parameters}}}\n"
        assert columns(five, "taste", features=features)["Taste"] == taste


class TestDays:
    def test_a_day_may_count_only_with_more_than_0_seconds(self, five: Path) -> None:
        found = columns(five, "active-days", features="  active-days: {count: seconds}\n")
        assert found["ActiveDays"] == ["2", "2", "0", "3", "1"]
        assert found["FirstDay"] == ["2022-04-01", "2022-04-01", "", "2022-04-01", "2022-04-04"]
        assert found["LastDay"] == ["2022-04-02", "2022-04-02", "", "2022-04-04", "2022-04-04"]

    def test_without_an_active_day_recency_is_the_days_of_the_range(self, five: Path) -> None:
        found = columns(five, "rfm", features="  active-days: {count: seconds}\n")
        assert found["Recency"] == ["2", "2", "4", "0", "0"]
        assert found["Frequency"] == ["2", "2", "0", "3", "1"]

    def test_an_asked_range_is_what_active_days_are_divided_by(self, five: Path) -> None:
        found = columns(five, "activeness,rfm", "--since", "2022-04-01", "--until", "2022-04-08")
        assert found["Activeness"] == ["37.5", "25", "12.5", "37.5", "12.5"]
        assert found["Recency"] == ["4", "6", "7", "4", "4"]

    def test_a_range_open_at_one_side_ends_with_the_days_present(self, five: Path) -> None:
        found = columns(five, "activeness", "--since", "2022-03-31")
        assert found["Activeness"] == ["60", "40", "20", "60", "20"]

    def test_levels_may_begin_at_active_days(self, five: Path) -> None:
        features = "  activeness: {by: days, levels: {rare: 0, some: 2, every day: 3}}\n"
        found = columns(five, "activeness", features=features)["ActivenessLevel"]
        assert found == ["every day", "some", "rare", "every day", "rare"]

    def test_the_level_goes_by_the_exact_percentage_and_not_the_rounded(self, five: Path) -> None:
        features = "  activeness: {levels: {low: 0, high: 66.67}}\n"  # 2 of 3 days are 66.666...
        found = columns(five, "activeness", features=features)
        assert (found["Activeness"][1], found["ActivenessLevel"][1]) == ("66.67", "low")

    def test_a_file_without_a_day_is_refused_with_what_to_do(self, tmp_path: Path) -> None:
        folder = write_days(tmp_path / "logs", {"today": FIVE["20220401"]})
        result = run("run", "-i", folder, "-o", "-", "--features", "active-days")
        assert (result.status, result.out) == (2, b"")
        assert "--date" in result.err
        dated = columns(folder, "active-days", "--date", "2022-04-05")
        assert dated["LastDay"] == ["2022-04-05"] * 4

    def test_a_long_range_is_counted_right(self, tmp_path: Path) -> None:
        days = [f"2022{month:02}{day:02}" for month in (1, 2, 3, 4) for day in (1, 15, 28)]
        folder = write_days(
            tmp_path / "logs",
            {
                day: [
                    View("A", "CHANNEL", at),
                    *([View("B", "CHANNEL", 1)] if at in {4, 9} else []),
                ]
                for at, day in enumerate(days)
            },
        )
        found = columns(folder, "active-days")
        assert found["ActiveDays"] == ["12", "2"]
        assert found["FirstDay"] == ["2022-01-01", "2022-02-15"]
        assert found["LastDay"] == ["2022-04-28", "2022-04-01"]


class TestSegments:
    def test_engagement_by_limits_in_seconds(self, five: Path) -> None:
        features = "  engagement: {method: seconds, seconds: {none: 0, light: 1, heavy: 200}}\n"
        found = columns(five, "engagement", features=features)["EngagementType"]
        assert found == ["heavy", "light", "none", "heavy", "light"]

    @pytest.mark.parametrize(
        ("factor", "types"),
        [
            ("1.5", ["Normal", "Normal", "Normal", "High", "Normal"]),  # 7 - 289.5, 200 + 289.5
            ("0", ["Normal", "Normal", "Low", "High", "Normal"]),
            ("5", ["Normal"] * 5),
        ],
    )
    def test_engagement_by_fences(self, five: Path, factor: str, types: list[str]) -> None:
        features = f"  engagement: {{method: iqr, factor: {factor}}}\n"
        assert columns(five, "engagement", features=features)["EngagementType"] == types

    def test_engagement_does_not_change_with_the_rows_that_are_written(self, five: Path) -> None:
        found = columns(five, "engagement", "--min-total", 60)
        assert found["Contract"] == ["A", "B", "D"]
        assert found["EngagementType"] == ["VeryHigh", "High", "VeryHigh"]

    def test_clinginess_by_a_matrix_of_ones_own(self, five: Path) -> None:
        features = """\
  engagement: {method: seconds, seconds: {light: 0, heavy: 60}}
  clinginess:
    by: days
    bands: [0, 3]
    matrix: {light: [leaving, hesitant], heavy: [binging, loyal]}
"""
        found = columns(five, "clinginess", features=features)["Clinginess"]
        assert found == ["loyal", "binging", "leaving", "loyal", "leaving"]

    def test_rfm_by_thresholds_with_a_mean(self, five: Path) -> None:
        features = """\
  rfm:
    method: thresholds
    recency: [2, 0]
    frequency: [2, 3]
    monetary: [60, 1000]
    score: mean
    segments: {Low: 1, Mid: 1.5, High: 2}
"""
        found = columns(five, "rfm", features=features)
        assert found["RFMScore"] == ["2.67", "2", "1", "3", "1.67"]
        assert found["Segment"] == ["High", "High", "Low", "High", "Mid"]


class TestRows:
    def test_top_keeps_the_largest_in_the_order_of_the_contracts(self, five: Path) -> None:
        assert columns(five, "", "--top", 2)["Contract"] == ["A", "D"]

    def test_top_takes_the_first_contract_of_equal_values(self, five: Path) -> None:
        found = columns(five, "total", "--top", 3, "--by-column", "SportDuration")
        assert found["Contract"] == ["A", "D", "E"]

    def test_top_may_go_by_a_derived_column(self, five: Path) -> None:
        found = columns(five, "devices", "--top", 1, "--by-column", "TotalDevices")
        assert found["Contract"] == ["D"]

    def test_min_total_keeps_what_has_so_many_seconds(self, five: Path) -> None:
        assert columns(five, "", "--min-total", 60)["Contract"] == ["A", "B", "D"]

    def test_contracts_of_a_list(self, five: Path, tmp_path: Path) -> None:
        (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfD\r\nA\r\n\r\nnobody")
        assert columns(five, "", "--contracts", tmp_path / "list.txt")["Contract"] == ["A", "D"]
        piped = run("run", "-q", "-i", five, "-o", "-", "--contracts", "-", stdin=b"B\nC\n")
        assert [line[:1] for line in piped.out.splitlines()[1:]] == [b"B", b"C"]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--by-column", "TVDuration"], "--top"),
            (["--top", "2", "--by-column", "MostWatch", "--features", "most-watch"], "TVDuration"),
            (["--contracts", "missing.txt"], "missing.txt"),
            (["--contracts", "-", "-i", "-"], "standard input"),
        ],
    )
    def test_what_cannot_be_is_refused(self, five: Path, options: list[str], said: str) -> None:
        result = run("run", "-i", five, "-o", "-", *options)
        assert result.status in {1, 2}
        assert result.out == b""
        assert said in result.err


class TestUnits:
    def test_hours_have_four_decimals_rounded_once(self, five: Path) -> None:
        found = columns(five, "total,rfm", "--unit", "hours")
        assert found["TVDuration"] == ["0.0556", "0.0083", "0", "0.1389", "0"]
        assert found["TotalDuration"] == ["0.0556", "0.0167", "0", "0.2778", "0.0019"]
        assert found["Monetary"] == found["TotalDuration"]
        assert found["Recency"] == ["0", "2", "3", "0", "0"]

    def test_minutes_have_two_decimals_half_to_even(self, tmp_path: Path) -> None:
        views = [View(f"{seconds:03}", "CHANNEL", seconds) for seconds in (3, 90, 100, 599)]
        folder = write_days(tmp_path / "logs", {"20220401": views})
        found = columns(folder, "", "--unit", "minutes")["TVDuration"]
        assert found == ["0.05", "1.5", "1.67", "9.98"]


def test_unmapped_contracts_that_are_kept_were_never_active(tmp_path: Path) -> None:
    folder = write_days(
        tmp_path / "logs", {"20220401": [View("A", "CHANNEL", 1)], "20220402": [View("X", "?", 5)]}
    )
    found = columns(folder, "all", "--unmapped", "keep")
    assert found["ActiveDays"] == ["1", "0"]
    assert found["LastDay"] == ["2022-04-01", ""]
    assert found["Taste"] == ["TV", ""]
    assert found["Recency"] == ["1", "2"]


def test_white_space_that_the_table_trims_makes_no_second_contract(tmp_path: Path) -> None:
    days = {"20220401": [View("A", "CHANNEL", 1, "m1")], "20220402": [View(" A ", "VOD", 5, "m1")]}
    folder = write_days(tmp_path / "logs", days)
    table = tmp_path / "trim.yaml"
    table.write_text("trim: true\n" + TABLE, encoding="utf-8")
    asked = ["-q", "-i", folder, "-o", "-", "--categories", table, "--features"]
    for strategy in ("incremental", "batch"):
        result = run("run", *asked, "active-days,devices", "--strategy", strategy)
        assert result.out.splitlines()[1:] == [b"A,1,5,0,0,0,2,2022-04-01,2022-04-02,1"]


def test_a_column_of_the_table_that_is_called_like_a_feature_is_refused(five: Path) -> None:
    table = five.parent / "table.yaml"
    table.write_text(TABLE.replace("TVDuration", "totalduration"), encoding="utf-8")
    result = run("run", "-q", "-i", five, "-o", "-", "--categories", table, "--features", "total")
    assert (result.status, result.out) == (2, b"")
    assert "TotalDuration" in result.err
