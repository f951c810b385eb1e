"""DuckDB gets the same rows as the others."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from threading import Timer
from typing import TYPE_CHECKING

import duckdb
import pytest

from engagement_cli.errors import ConflictError, UsageError
from engagement_cli.sinks.sql import SqlTarget, load, parse_url
from sql.frames import assert_same, large, odd, small

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "watch.duckdb"


def target(file: Path, **options: object) -> SqlTarget:
    return SqlTarget(parse_url(f"duckdb:///{file}"), **options)  # type: ignore[arg-type] # a test's shortcut


def read(file: Path) -> pd.DataFrame:
    with closing(duckdb.connect(file, read_only=True)) as session:
        frame: pd.DataFrame = session.sql('SELECT * FROM engagement ORDER BY "Contract"').df()
    return frame.astype({"Contract": "str"})


@pytest.mark.parametrize("frame", [small(), odd(), large(), small().iloc[:0]])
def test_what_is_read_is_what_was_written(file: Path, frame: pd.DataFrame) -> None:
    load(frame, target(file))
    assert_same(read(file), frame)
    assert load(frame, target(file)).repeated


def test_a_failure_leaves_the_old(file: Path) -> None:
    def progress(_: int) -> None:
        raise KeyError

    load(small(), target(file))
    with pytest.raises(KeyError):
        load(large(), target(file), progress=progress)
    assert_same(read(file), small())
    load(small(shift=1), target(file))
    assert_same(read(file), small(shift=1))


def test_upsert_touches_only_rows_that_differ(file: Path) -> None:
    load(small(), target(file))
    later = small()
    later.loc[1, "TVDuration"] = 7
    report = load(later.iloc[1:], target(file, if_exists="upsert", prune=True))
    assert (report.changed, report.unchanged, report.pruned) == (1, 1, 1)
    assert_same(read(file), later.iloc[1:])


def test_fail_refuses_a_table_that_is_there(file: Path) -> None:
    load(small(), target(file))
    with pytest.raises(ConflictError, match="is there already"):
        load(small(), target(file, if_exists="fail"))


def test_a_process_that_has_the_file_open_is_waited_for_and_then_named(file: Path) -> None:
    load(small(), target(file))
    holder = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(ConflictError, match="after 1 s"):
            load(small(shift=1), target(file, lock_timeout=1.0))
        closing_it = Timer(1, lambda: process.communicate(b"\n"))
        closing_it.start()
        load(small(shift=1), target(file))
        closing_it.join()
    assert_same(read(file), small(shift=1))


def test_a_hand_that_changed_a_row_is_found_out(file: Path) -> None:
    load(small(), target(file))
    with closing(duckdb.connect(file)) as session:
        session.execute('UPDATE engagement SET "TVDuration" = 255 - "TVDuration"')
        session.execute("""UPDATE engagement SET "TVDuration" = 0 WHERE "Contract" = 'HNH3'""")
    assert not load(small(), target(file)).repeated
    assert_same(read(file), small())


def refer(file: Path, contract: str) -> None:
    """Let a row of another table refer to a contract."""
    with closing(duckdb.connect(file)) as session:
        session.execute('CREATE TABLE child (c VARCHAR REFERENCES engagement ("Contract"))')
        session.execute("INSERT INTO child VALUES (?)", [contract])


def test_a_table_that_others_refer_to_is_replaced_row_by_row(file: Path) -> None:
    load(large(70_000), target(file))
    refer(file, "HNH0005001")
    later = large(71_000, shift=1).iloc[5_000:]
    report = load(later, target(file))
    assert (report.changed, report.written, report.pruned) == (65_000, 1_000, 5_000)
    assert_same(read(file), later)
    assert load(later, target(file)).repeated


@pytest.mark.parametrize("options", [{}, {"if_exists": "upsert", "prune": True}])
def test_a_row_that_others_refer_to_is_never_deleted(
    file: Path, options: dict[str, object]
) -> None:
    load(small(), target(file))
    refer(file, "HNH1")
    with pytest.raises(ConflictError, match=r"1 rows of child refer by .*Nothing was changed"):
        load(small(shift=1).iloc[1:], target(file, **options))
    assert_same(read(file), small())


def test_a_view_is_refused(file: Path) -> None:
    with closing(duckdb.connect(file)) as session:
        session.execute("CREATE VIEW engagement AS SELECT 1 AS x")
    with pytest.raises(UsageError, match="is a view"):
        load(small(), target(file))
