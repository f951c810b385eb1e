"""What can be found out before hours of reading is found out before."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from program import run
from sql.servers import POSTGRES

if TYPE_CHECKING:
    from pathlib import Path

    from sql.servers import SqlitePlace

LINE = {"_source": {"Contract": "HNH1", "TotalDuration": 5, "AppName": "KPLUS"}}
SERVER = POSTGRES.rpartition("@")[2]

FAULTS = {
    "a name that is too long": (["-o", POSTGRES, "--table", "x" * 64], 2, "--table xxx"),
    "a server that is not there": (["-o", "mysql://127.0.0.1:1/db"], 1, "Can't connect"),
    "a role that is not there": (["-o", f"postgresql://engagement_nobody@{SERVER}"], 1, "role"),
    "a folder that is not there": (["-o", "sqlite:///no/x.db"], 1, "Create it first"),
    "an unknown option": (["-o", f"{POSTGRES}?no_such=1"], 1, "no_such"),
    "a database that is not named": (["-o", "mysql://root@127.0.0.1"], 2, "no database"),
    "figures that go nowhere": (
        ["-o", "out.csv", "--figures", "mysql://127.0.0.1:1/db"],
        1,
        "Can't connect",
    ),
}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One line that is accepted."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "20220401.json").write_text(json.dumps(LINE) + "\n")
    return tmp_path / "20220401.json"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_table_that_cannot_be_is_refused_before_a_line_is_read(log: Path, fault: str) -> None:
    args, status, said = FAULTS[fault]
    for state in ([], ["--state", "STATE"]):
        done = run("run", "-i", log, *args, *state)
        assert (done.status, said in done.err) == (status, True)
        assert "accepted" not in done.err
    assert not (log.parent / "STATE").exists()


def test_export_refuses_before_it_adds_up(log: Path) -> None:
    assert run("ingest", "-i", log, "--state", "STATE").status == 0
    done = run("export", "--state", "STATE", "-o", POSTGRES, "--table", "x" * 64)
    assert (done.status, "accepted" in done.err) == (2, False)


def test_a_missing_driver_is_named_before_a_line_is_read(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    done = run("run", "-i", log, "-o", "mysql://h/db")
    assert (done.status, "accepted" in done.err) == (2, False)
    assert "pip install" in done.err


def test_a_file_is_made_only_when_there_is_something_to_write(log: Path) -> None:
    log.write_text("no JSON\n")
    assert run("run", "-i", log, "-o", "sqlite:///x.db").status == 3
    assert not (log.parent / "x.db").exists()


def test_days_need_not_be_known_before_they_are_read_from_a_state(
    log: Path, sqlite: SqlitePlace
) -> None:
    args = ("-o", sqlite.url, "--if-exists", "append")
    assert run("run", "-i", log, "--state", "STATE", *args).status == 0
    assert run("export", "--state", "STATE", *args).status == 3
    query = 'SELECT "Contract", "TVDuration", "Since", "Until" FROM engagement'
    assert sqlite.ask(query) == [("HNH1", 5, "2022-04-01", "2022-04-01")]
