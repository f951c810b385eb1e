"""What cannot be asked for is refused before any line is read, by the program and from Python."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import engagement_cli as eng
from engagement_cli.errors import UsageError
from households import FIVE, View, write_days
from program import one_line, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def five(tmp_path: Path) -> Path:
    return write_days(tmp_path / "logs", FIVE)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Logs that no run would accept, so that whoever read them would say that instead."""
    folder = write_days(tmp_path / "logs", {"20220401": []})
    (folder / "20220402.json").write_text("broken\n")
    return folder


def table_of(tmp_path: Path, *columns: str, other: str = "") -> Path:
    """A category table with these columns."""
    lines = [f"  C{n}: {{column: {name}, apps: [A{n}]}}" for n, name in enumerate(columns)]
    table = tmp_path / "table.yaml"
    head = ["version: 1", *([f"other: {other}"] if other else []), "categories:"]
    table.write_text("\n".join([*head, *lines, ""]), encoding="utf-8")
    return table


@pytest.mark.parametrize(
    ("columns", "twice", "options"),
    [
        (["Lines"], "Lines", ["--figures", "f.csv"]),
        (["totalduration"], "totalduration", ["--figures", "f.csv"]),
        (["Duration"], "Contracts", ["--figures", "f.csv"]),
        (["New"], "NewContracts", ["--by", "day"]),
        (["Missing"], "Missing", ["--by", "day"]),
        (["UnmappedDuration"], "UnmappedDuration", ["--figures", "f.csv", "--period", "week"]),
        (["TV", "TVDuration"], "TVContracts", ["--figures", "f.csv"]),
        (["TVContracts", "TVDuration"], "TVContracts", ["--figures", "f.csv"]),
        (["TV", "TVDuration"], "TVShare", ["--features", "share"]),
        (["Taste"], "Taste", ["--features", "taste"]),
        (["tvshare", "TV"], "TVShare", ["--features", "share"]),
        (["Date"], "Date", ["--by", "contract-day"]),
    ],
)
def test_a_column_is_never_lost_to_another_of_its_name(
    broken: Path, tmp_path: Path, columns: list[str], twice: str, options: list[str]
) -> None:
    table = table_of(tmp_path, *columns)
    options = [str(tmp_path / word) if word == "f.csv" else word for word in options]
    result = run("run", "-i", broken, "-o", tmp_path / "o.csv", "--categories", table, *options)
    one_line(result, 2, f"two columns called {twice}.", "category table")


def test_the_column_of_unmapped_apps_collides_only_where_it_is_kept(
    five: Path, tmp_path: Path
) -> None:
    table = table_of(tmp_path, "TV", other="Lines")
    asked = ["-q", "-i", five, "-o", "-", "--by", "day", "--categories", table]
    assert run("run", *asked).status == 0
    one_line(run("run", *asked, "--unmapped", "keep"), 2, "two columns called Lines.")


def test_a_column_to_compare_by_must_be_there_before_any_line_is_read(broken: Path) -> None:
    asked = ["-i", broken, "-o", "-", "--top", 1, "--by-column", "Taste", "--features", "taste"]
    one_line(run("run", *asked), 2, "--by-column Taste", "TVDuration")


def test_the_total_is_compared_without_being_shown(five: Path) -> None:
    asked = ["-q", "-i", five, "-o", "-", "--top", 2, "--by-column", "TotalDuration"]
    without = run("run", *asked)
    assert without.status == 0, without.err
    assert without.out == run("run", "-q", "-i", five, "-o", "-", "--top", 2).out
    assert without.out.decode().splitlines()[1:] == ["A,200,0,0,0,0", "D,500,100,100,200,100"]


def test_a_table_may_have_a_column_of_that_name_which_is_compared_then(tmp_path: Path) -> None:
    table = table_of(tmp_path, "TotalDuration", "More")
    views = [View("A", "A0", 2), View("B", "A0", 1), View("B", "A1", 9)]
    logs = write_days(tmp_path / "logs", {"20220401": views})
    frame = eng.run(logs, categories=table, top=1, by_column="TotalDuration")
    assert frame["Contract"].tolist() == ["A"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": "title"}, "labels must be key, label or column, not 'title'"),
        ({"unit": "days"}, "unit must be seconds, minutes or hours, not 'days'"),
        ({"unit": ["hours"]}, "unit must be"),
        ({"by": "month"}, "by must be contract, contract-day, category, app or day"),
        ({"strategy": "fast"}, "strategy must be incremental or batch, not 'fast'"),
        ({"unmapped": "lose"}, "unmapped must be drop, keep or fail, not 'lose'"),
        ({"features": None}, "features must be names of features, not None"),
        ({"features": "taste,tastes"}, "No feature is called 'tastes'"),
        ({"features": [7]}, "No feature is called 7"),
        ({"top": 0}, "top must be a whole number from 1 on, not 0"),
        ({"top": 1.5}, "top must be a whole number from 1 on, not 1.5"),
        ({"top": True}, "top must be a whole number"),
        ({"min_total": -1}, "min-total must be a whole number from 0 on, not -1"),
        ({"min_total": "9"}, "min-total must be a whole number from 0 on, not '9'"),
        ({"by_column": "TVDuration"}, "add --top N"),
        ({"shape": "csv"}, "shape must be hits, source, bulk, search or array, not 'csv'"),
        ({"jobs": 0}, "jobs must be a whole number from 1 on, not 0"),
        ({"block_size": 0}, "block_size must be a whole number from 1 on, not 0"),
        ({"since": 20220401}, "20220401 is no day"),
        ({"contracts": "A"}, "contracts must be a list of contracts, not 'A'"),
        ({"contracts": 7}, "contracts must be a list of contracts, not 7"),
        ({"contracts": [7]}, "contracts must be texts, as in the result, not 7"),
    ],
)
def test_python_is_told_what_a_value_must_be(
    broken: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError) as error:
        eng.run(broken, **options)
    assert said in str(error.value)


def test_reading_lines_from_python_is_told_so_too(broken: Path) -> None:
    with pytest.raises(UsageError, match="labels must be"):
        next(eng.read(broken, labels="title"))  # type: ignore[arg-type]  # what is tested


def test_features_are_named_in_python_as_on_the_command_line(five: Path) -> None:
    listed = eng.run(five, features=["taste", "total"])
    assert eng.run(five, features="total, taste").equals(listed)
    assert [*listed.columns][-2:] == ["TotalDuration", "Taste"]


def test_a_moment_stands_for_its_day(five: Path) -> None:
    from_text = eng.run(five, since="20220402", until="2022-04-03")
    assert from_text["Contract"].tolist() == ["A", "B", "D"]
    since, until = pd.Timestamp("2022-04-02 13:00"), datetime(2022, 4, 3, 1, tzinfo=UTC)
    assert eng.run(five, since=since, until=until).equals(from_text)


def test_contracts_are_listed_in_python_as_in_a_file(five: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("E\nB\n")
    out = tmp_path / "o.csv"
    assert run("run", "-q", "-i", five, "-o", out, "--contracts", tmp_path / "list").status == 0
    frame = eng.run(five, contracts=(name for name in ("B", "E")))
    assert frame.to_csv(index=False, lineterminator="\n") == out.read_text()
