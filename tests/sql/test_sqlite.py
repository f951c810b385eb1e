"""What SQLite can keep, and how it refuses."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from disks import mounted
from engagement_cli.errors import DatabaseError, UsageError
from engagement_cli.sinks.sql import SqlTarget, load, parse_url
from sql.crash import loader
from sql.frames import assert_same, large, small
from sql.servers import SqlitePlace, read, target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_indexes_triggers_and_views_stay(sqlite: SqlitePlace) -> None:
    load(small(), target(sqlite))
    for statement in (
        'CREATE INDEX by_tv ON engagement ("TVDuration")',
        "CREATE VIEW v AS SELECT * FROM engagement",
        "CREATE TABLE log (x)",
        "CREATE TRIGGER t AFTER INSERT ON engagement BEGIN INSERT INTO log VALUES (1); END",
    ):
        sqlite.ask(statement)
    query = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    before = sqlite.ask(query)
    load(small(shift=1), target(sqlite))
    assert sqlite.ask(query) == before
    assert sqlite.ask("SELECT count(*) FROM log") == [(3,)]
    assert_same(read(sqlite), small(shift=1))


def test_rows_of_other_tables_stay_whatever_refers_to_what(sqlite: SqlitePlace) -> None:
    load(small(), target(sqlite))
    sqlite.ask("CREATE TABLE child (c TEXT REFERENCES engagement ON DELETE CASCADE)")
    sqlite.ask("INSERT INTO child VALUES ('HNH1'), ('HNH2')")
    load(small(shift=1).iloc[1:], target(sqlite))
    assert sqlite.ask("SELECT c FROM child ORDER BY c") == [("HNH1",), ("HNH2",)]
    assert_same(read(sqlite), small(shift=1).iloc[1:])


def test_a_table_of_pandas_is_replaced_as_it_is(sqlite: SqlitePlace) -> None:
    with closing(sqlite.session()) as session:
        small().to_sql("engagement", session, index=False)
    report = load(small(shift=1), target(sqlite))
    assert report.notes == ("the table has no primary key, and SQLite cannot add one to it",)
    assert_same(read(sqlite), small(shift=1))


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_reader_in_the_middle_has_the_old_rows_to_its_end(sqlite: SqlitePlace, mode: str) -> None:
    """Without a write-ahead log the load waits for the reader, with one it does not."""
    load(small(), target(sqlite))
    sqlite.ask(f"PRAGMA journal_mode={mode}")
    with closing(sqlite.session()) as reader:
        rows = reader.execute("SELECT * FROM engagement")
        rows.fetchone()
        if mode == "wal":
            load(small(shift=1), target(sqlite))
        assert [row[0] for row in rows] == ["HNH2", "HNH3"]
    load(small(shift=1), target(sqlite))
    assert_same(read(sqlite), small(shift=1))


def test_a_name_of_its_own_is_refused(sqlite: SqlitePlace) -> None:
    with pytest.raises(UsageError, match="SQLite's own"):
        load(small(), SqlTarget(parse_url(sqlite.url), "SQLITE_x"))


@pytest.mark.parametrize("names", [("A", "a"), ("", "b")])
def test_names_that_it_cannot_have_are_refused(sqlite: SqlitePlace, names: tuple[str, str]) -> None:
    frame = small().rename(columns=dict(zip(["TVDuration", "MovieDuration"], names, strict=True)))
    with pytest.raises(UsageError, match="cannot have this table"):
        load(frame, target(sqlite))


@pytest.mark.parametrize(
    "name", ["select", 'a"b', "a%sb", "a:b", "a b", "x" * 300, "?1", "a]b", "é", "sqlite_x"]
)
def test_any_other_name_is_quoted(sqlite: SqlitePlace, name: str) -> None:
    frame = small().rename(columns={"TVDuration": name})
    for mode in ("replace", "upsert"):
        load(frame, target(sqlite, if_exists=mode))
        frame[name] += 1
        load(frame, target(sqlite, if_exists=mode))
        assert_same(read(sqlite), frame)


def test_a_schema_is_refused(sqlite: SqlitePlace) -> None:
    with pytest.raises(UsageError, match="no schemas"):
        load(small(), SqlTarget(parse_url(sqlite.url), "main.engagement"))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/no/watch.db"
    with pytest.raises(DatabaseError, match=r"no/watch\.db.*unable to open database file"):
        load(small(), SqlTarget(parse_url(url)))


def test_a_file_that_may_not_be_written_is_told_so(tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path / "watch.db")
    load(small(), target(place))
    url = f"sqlite:///file:{place.path}?mode=ro&uri=true"
    with pytest.raises(DatabaseError, match="readonly database"):
        load(small(shift=1), SqlTarget(parse_url(url)))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    with mounted(tmp_path / "small-disk", "2m") as disk:
        yield disk


def test_a_full_disk_leaves_the_old_table(small_disk: Path) -> None:
    place = SqlitePlace(small_disk / "watch.db")
    load(small(), target(place))
    with pytest.raises(DatabaseError, match=r"disk is full\. Free some room"):
        load(large(), target(place))
    assert_same(read(place), small())
    load(small(shift=1), target(place))
    assert_same(read(place), small(shift=1))


def test_a_full_temporary_folder_leaves_the_old_table(
    sqlite: SqlitePlace, small_disk: Path
) -> None:
    load(small(), target(sqlite))
    with loader(sqlite, "replace", batches=0, SQLITE_TMPDIR=str(small_disk)) as process:
        _, told = process.communicate()
    assert b"DatabaseError" in told
    assert b"disk is full" in told
    assert_same(read(sqlite), small())


def test_a_trigger_that_makes_numbers_too_wide_to_sum_is_refused(sqlite: SqlitePlace) -> None:
    load(small(), target(sqlite))
    sqlite.ask(
        "CREATE TRIGGER t AFTER INSERT ON engagement BEGIN"
        f' UPDATE engagement SET "TVDuration" = {2**63 - 1}; END'
    )
    with pytest.raises(DatabaseError, match=r"overflow.*Nothing was changed"):
        load(small(shift=1), target(sqlite))
    assert_same(read(sqlite), small())


def test_a_column_of_integers_may_sum_past_64_bits(sqlite: SqlitePlace) -> None:
    frame = small().assign(TVDuration=[2**63 - 1, 2**63 - 1, -(2**63)])
    load(frame, target(sqlite))
    assert_same(read(sqlite), frame)
    assert sqlite3.sqlite_version_info >= (3, 35)
