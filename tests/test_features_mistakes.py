"""The mistakes that pipelines of this job make, each made impossible."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import engagement_cli as eng
from engagement_cli.errors import InputError
from households import FIVE, View, write_days
from program import run

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


@pytest.mark.parametrize("dedupe", [False, True])
def test_7_genuine_repeats_count_and_only_equal_ids_are_the_same_event(
    tmp_path: Path, dedupe: bool
) -> None:
    same = View("A", TV, 60, "m1", "x1")
    days = {"20220401": [same, same, View("A", TV, 60, "m1", "x2"), View("A", TV, 60, "m1")] * 2}
    frame = eng.run(write_days(tmp_path / "logs", days), dedupe_id=dedupe, features="total")
    assert frame["TotalDuration"].tolist() == [240 if dedupe else 480]
    assert frame.attrs["account"]["repeated"] == (4 if dedupe else 0)


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


def test_9_an_unreadable_file_stops_the_run_and_is_named(tmp_path: Path) -> None:
    folder = write_days(tmp_path / "logs", {"20220401": [View("A", TV, 1)]})
    whole = gzip.compress(b"\n".join([View("B", TV, 1).line().encode()] * 99))
    (folder / "20220402.json.gz").write_bytes(whole[:-20])
    with pytest.raises(InputError, match=r"20220402\.json\.gz"):
        eng.run(folder, features="all", max_rejects="100%")


def test_10_a_second_load_neither_doubles_a_table_nor_drops_its_index(tmp_path: Path) -> None:
    folder, database = write_days(tmp_path / "logs", FIVE), tmp_path / "watch.db"
    asked = ["-q", "-i", folder, "-o", f"sqlite:///{database}", "--features", "total"]
    asked += ["--figures", f"sqlite:///{database}"]

    def loaded() -> list[list[tuple[object, ...]]]:
        assert run("run", *asked).status == 0
        with closing(sqlite3.connect(database)) as session:
            tables = ("engagement", "engagement_figures")
            queries = [f"SELECT * FROM {table} ORDER BY 1" for table in tables]
            queries.append("SELECT name, sql FROM sqlite_master ORDER BY name")
            return [session.execute(query).fetchall() for query in queries]

    rows, figures, _ = loaded()
    with closing(sqlite3.connect(database)) as session:
        session.execute("CREATE INDEX by_total ON engagement (TotalDuration)")
        before = session.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    assert loaded() == [rows, figures, before]
    assert rows == list(eng.run(folder, features="total").itertuples(index=False, name=None))
    (folder / "20220404.json").unlink()
    changed, fewer, kept = loaded()
    assert kept == before
    assert changed == list(eng.run(folder, features="total").itertuples(index=False, name=None))
    assert fewer == figures[:2]


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.parquet", "out.jsonl"])
def test_11_one_file_is_asked_for_and_one_file_comes_out(tmp_path: Path, name: str) -> None:
    folder, place = write_days(tmp_path / "logs", FIVE), tmp_path / "results"
    place.mkdir()
    for command, options in (("run", ["--by", "contract-day"]), ("transform", []), ("run", [])):
        assert run(command, "-q", "-i", folder, "-o", place / name, *options).status == 0
        assert [path.name for path in place.iterdir() if path.is_file()] == [name]
        assert len([*place.iterdir()]) == 1
    if name == "out.csv":
        assert pd.read_csv(place / name).equals(eng.run(folder).astype({"Contract": str}))


def test_12_a_password_stands_in_no_source_and_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes from the environment or a file of one's own; port 1 answers nobody."""
    folder, url = write_days(tmp_path / "logs", FIVE), "postgresql://etl:s3cret@127.0.0.1:1/tv"
    (tmp_path / "url").write_text(url)
    from_file = run("run", "-v", "-i", folder, "--output-url-file", tmp_path / "url")
    monkeypatch.setenv("ENGAGEMENT_OUTPUT_URL", url)
    summary = tmp_path / "summary.json"
    from_environment = run("run", "-v", "-i", folder, "--summary", summary)
    for result in (from_file, from_environment):
        assert result.status == 1
        assert "127.0.0.1" in result.err
        assert "s3cret" not in result.err + result.out.decode()
    assert not summary.exists()  # the database was asked before any line was read
