"""A load of what is there already does nothing, and knows a table that was changed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from engagement_cli.sinks.sql import load
from sql.frames import ODD, assert_same, large, odd, small
from sql.servers import PostgresPlace, SqlitePlace, read, target

if TYPE_CHECKING:
    from sql.servers import Place

PAGES = 40_000
"""Rows on more pages than one."""


def every_kind(rows: int = 200) -> pd.DataFrame:
    """Labels, shares and days, each with NULLs, and numbers that texts have trouble with."""
    random = np.random.default_rng(1)
    shares = random.random(rows) * 10.0 ** random.integers(-300, 300, rows)
    shares[:6] = [0.0, 1 / 3, 1e22, 5e-324, -1.7976931348623157e308, 1e15]
    labels = [*ODD, *[None] * rows][:rows]
    days = [date(1, 1, 1), date(9999, 12, 31), *[None, date(2022, 4, 1)] * rows][:rows]
    return pd.DataFrame(
        {
            "Contract": pd.Series([f"{n:06d}" for n in range(rows)], dtype="str"),
            "Label": pd.Series(labels, dtype="str"),
            "Share": pd.Series(shares).where(random.random(rows) < 0.9),
            "Day": pd.Series(days, dtype="object"),
            "Active": pd.Series([True, False] * (rows // 2)),
        }
    )


def by_day_and_contract(rows: int = PAGES) -> pd.DataFrame:
    """Days with the same contracts: no column alone is a key."""
    numbers = np.arange(rows)
    days = np.array([date(2022, 4, 1), date(2022, 4, 2)], dtype="object")[numbers // (rows // 2)]
    names = [f"HNH{n:06d}" for n in numbers % (rows // 2)]
    contracts = pd.Series(names, dtype="str")
    return pd.DataFrame({"Day": days, "Contract": contracts, "TVDuration": numbers})


@pytest.mark.parametrize(
    "frame",
    [small(), odd(), large(PAGES), every_kind(), small().iloc[:0], small().iloc[::-1]],
    ids=["small", "odd", "pages", "every kind", "empty", "out of order"],
)
@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_the_same_again_is_known_whatever_it_holds(
    place: Place, frame: pd.DataFrame, mode: str
) -> None:
    load(frame, target(place, if_exists=mode))
    before = read(place)
    report = load(frame, target(place, if_exists=mode))
    assert report.repeated
    assert report.unchanged == len(frame)
    assert (before is None) == (read(place) is None)
    if before is not None:
        assert_same(read(place), before)


def test_the_same_again_is_known_by_a_key_of_two_columns(place: Place) -> None:
    frame = by_day_and_contract()
    load(frame, target(place), key=("Day", "Contract"))
    assert load(frame, target(place), key=("Day", "Contract")).repeated
    place.ask(
        f"UPDATE {place.sql} SET {_quoted(place, 'TVDuration')} = 0"
        f" WHERE {_quoted(place, 'Day')} = '2022-04-02'"
        f" AND {_quoted(place, 'Contract')} = 'HNH019999'"
    )
    assert not load(frame, target(place), key=("Day", "Contract")).repeated


EDITS = {
    "a digit": "UPDATE {t} SET {tv} = {tv} + 1 WHERE {c} = 'HNH0030000'",
    "two rows, the sum kept": (
        "UPDATE {t} SET {tv} = CASE WHEN {c} = 'HNH0000007' THEN 1 ELSE -1 END + {tv}"
        " WHERE {c} IN ('HNH0000007', 'HNH0039999')"
    ),
    "two contracts swapped": (
        "UPDATE {t} SET {tv} = CASE WHEN {c} = 'HNH0000001' THEN 2 ELSE 1 END"
        " WHERE {c} IN ('HNH0000001', 'HNH0000002')"
    ),
    "a row gone": "DELETE FROM {t} WHERE {c} = 'HNH0039999'",
    "a row more": "INSERT INTO {t} VALUES ('ZZZ', 0, 0, 0, 0, 0)",
    "a row under another name": "UPDATE {t} SET {c} = 'HNH0000000 ' WHERE {c} = 'HNH0000000'",
    "a letter's case": "UPDATE {t} SET {c} = 'hNH0020000' WHERE {c} = 'HNH0020000'",
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_table_that_somebody_edited_is_loaded_again(place: Place, edit: str) -> None:
    frame = large(PAGES).assign(TVDuration=np.arange(PAGES))
    load(frame, target(place))
    names = {"t": place.sql, "c": _quoted(place, "Contract"), "tv": _quoted(place, "TVDuration")}
    place.ask(EDITS[edit].format(**names))
    assert not load(frame, target(place)).repeated
    assert_same(read(place), frame)
    assert load(frame, target(place)).repeated


@pytest.mark.parametrize("column", ["Label", "Share", "Day"])
@pytest.mark.parametrize("row", [0, 1, 150])
def test_a_value_that_became_null_or_ceased_to_be_is_found_out(
    place: Place, column: str, row: int
) -> None:
    frame = every_kind()
    frame.loc[150, ["Label", "Share", "Day"]] = None
    value = {"Label": "''", "Share": "0.5", "Day": "'2022-04-02'"}[column]
    load(frame, target(place))
    there = "NULL" if frame[column].notna()[row] else value
    place.ask(
        f"UPDATE {place.sql} SET {_quoted(place, column)} = {there}"
        f" WHERE {_quoted(place, 'Contract')} = '{row:06d}'"
    )
    assert not load(frame, target(place)).repeated
    assert load(frame, target(place)).repeated


def test_a_key_in_the_order_of_a_language_is_read_in_that_of_code_points(
    postgres: PostgresPlace,
) -> None:
    frame = odd().iloc[1:]
    columns = ", ".join(f'"{name}" bigint' for name in frame.columns[1:])
    postgres.ask(
        f'CREATE TABLE {postgres.sql} ("Contract" text COLLATE "und-x-icu" PRIMARY KEY, {columns})'
    )
    load(frame, target(postgres))
    assert load(frame, target(postgres)).repeated


@pytest.mark.parametrize("value", ["'x'", "1.5", "x'ff'", "NULL"])
def test_a_value_that_is_no_number_is_found_out_in_sqlite(sqlite: SqlitePlace, value: str) -> None:
    columns = ", ".join(f'"{name}" INTEGER' for name in small().columns[1:])
    sqlite.ask(f'CREATE TABLE engagement ("Contract" TEXT PRIMARY KEY, {columns})')
    load(small(), target(sqlite))
    sqlite.ask(f'UPDATE engagement SET "TVDuration" = {value}')
    assert not load(small(), target(sqlite)).repeated
    assert_same(read(sqlite), small())


def _quoted(place: Place, name: str) -> str:
    return f'"{name}"' if isinstance(place, SqlitePlace | PostgresPlace) else f"`{name}`"
