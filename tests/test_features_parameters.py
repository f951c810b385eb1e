"""Parameters of features: a wrong one is refused with its line; the page tells the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engagement_cli.categories import load_table
from engagement_cli.features import FEATURES, parameters
from engagement_cli.features.page import page
from engagement_cli.grains import GRAINS
from features_page import PAGE
from households import FIVE, write_days
from program import run

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "version: 1\ncategories:\n  TV: {column: TV, apps: [CHANNEL]}\nfeatures:\n"


def test_the_page_of_features_is_what_the_definitions_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("grain", GRAINS)
def test_the_page_defines_every_column_of_figures_and_of_other_rows(
    tmp_path: Path, grain: str
) -> None:
    logs = write_days(tmp_path / "logs", FIVE)
    options = ["--features", "devices"] if grain == "day" else []
    header = run("run", "-q", "-i", logs, "-o", "-", "--by", grain, *options).out.splitlines()[0]
    others = ("Movie", "Child", "Relax", "Sport")  # "and so on"
    columns = [name for name in header.decode().split(",") if not name.startswith(others)]
    if grain.startswith("contract"):
        columns.remove("TVDuration")  # "seconds by category"
    told = PAGE.read_text(encoding="utf-8").partition("## Figures")[2]
    assert [name for name in columns if f"`{name}`" not in told] == []


@pytest.mark.parametrize("name", [one.name for one in FEATURES])
def test_show_prints_what_the_page_says(name: str) -> None:
    result = run("features", "show", name)
    assert result.status == 0
    assert f"## {name}\n\n{result.out.decode()}" in PAGE.read_text(encoding="utf-8")


def test_list_names_every_feature() -> None:
    lines = run("features", "list").out.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["feature", *(one.name for one in FEATURES)]


def test_show_tells_the_parameters_in_force(tmp_path: Path) -> None:
    table = tmp_path / "table.yaml"
    table.write_text(HEAD + "  taste: {separator: ' and '}\n", encoding="utf-8")
    shown = run("features", "show", "taste", "--categories", table).out.decode()
    assert "separator: ' and '" in shown
    assert "Default: `'-'`" in shown


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ("  mostwatch: {}", 5, "there is no 'mostwatch'"),
        ("  taste: [a]", 5, "taste must be a mapping"),
        ("  taste:\n    colour: red", 6, "no such parameter: it has separator"),
        ("  total:\n    x: 1", 6, "it has none"),
        ("  taste:\n    separator: 1", 6, "must be a text, not 1"),
        ("  taste:\n    more_than: -1", 6, "must be at least 0"),
        ("  taste:\n    more_than: 1.5", 6, "must be a whole number"),
        ("  taste:\n    min_share: 1.01", 6, "must be from 0 to 1"),
        ("  taste:\n    order: name", 6, "must be table or seconds, not 'name'"),
        ("  most-watch:\n    ties: true", 6, "must be first or all"),
        ("  activeness:\n    levels: []", 6, "must be labels with numbers"),
        ("  activeness:\n    levels:\n      low: 1", 7, "must begin at 0"),
        (
            "  activeness:\n    levels:\n      low: 0\n      high: 0",
            8,
            "not above the level before",
        ),
        ("  activeness:\n    levels:\n      a: 0\n      b: 9\n      c: 8", 9, "'b' at 9"),
        ("  activeness:\n    levels:\n      low: 0\n      high: 101", 8, "never reached"),
        ("  activeness:\n    levels:\n      low: zero", 7, "must be a number, not 'zero'"),
        ("  engagement:\n    quartiles: [a, b, c]", 6, "must be a list of 4 labels"),
        ("  engagement:\n    quartiles: [a, b, c, a]", 6, "must differ"),
        ("  engagement:\n    factor: -1", 6, "at least 0"),
        ("  engagement:\n    seconds:\n      a: 0\n      b: 5\n      c: 5", 9, "not above"),
        ("  clinginess:\n    bands: [1, 2, 3]", 6, "must begin at 0"),
        ("  clinginess:\n    bands: [0, 50, 50]", 6, "50 is not above the number before it, 50"),
        ("  clinginess:\n    bands: [0, 50, 101]", 6, "never reached"),
        ("  clinginess:\n    bands: [0, 50]", 5, "must have 2 labels, one for each band, not 3"),
        ("  clinginess:\n    matrix:\n      Low: 5", 7, "must be a list of labels"),
        ("  clinginess:\n    matrix: {Low: [a, b, c]}", 6, "Low, Medium, High, VeryHigh"),
        ("  clinginess: {}\n  engagement: {method: iqr}", 5, "Low, Normal, High"),
        ("  rfm:\n    groups: 10", 6, "from 2 to 9"),
        ("  rfm:\n    recency: [1, 2]", 6, "2 is not below the number before it, 1"),
        ("  rfm:\n    frequency: [2, 2]", 6, "not above"),
        ("  rfm:\n    monetary: 5", 6, "must be a list of numbers"),
        ("  rfm:\n    monetary: [1, 2, 3, 4, 5, 6, 7, 8, 9]", 6, "8 thresholds at most"),
        ("  rfm:\n    segments:\n      a: 1\n      b: 5", 8, "the largest score is 4"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_line(
    tmp_path: Path, written: str, line: int, said: str
) -> None:
    table, logs = tmp_path / "table.yaml", write_days(tmp_path / "logs", FIVE)
    table.write_text(HEAD + written + "\n", encoding="utf-8")
    result = run("run", "-i", logs, "-o", "-", "--categories", table)
    assert (result.status, result.out) == (2, b"")
    assert f"{table}:{line}: features: " in result.err
    assert said in result.err


def test_every_fault_is_told_in_one_go(tmp_path: Path) -> None:
    table = tmp_path / "table.yaml"
    table.write_text(HEAD + "  taste: {most: -1, order: x}\n  rfm: {groups: 1}\n", encoding="utf-8")
    faults = parameters(load_table(table).features)[1]
    assert [fault.line for fault in faults] == [5, 5, 6]
