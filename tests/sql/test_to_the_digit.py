"""One result is the same in every database as in the CSV, to the digit."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from typing import TYPE_CHECKING

import duckdb

from program import run
from sql.frames import COLUMNS, ODD
from sql.servers import PLACES, Place

if TYPE_CHECKING:
    from pathlib import Path

APPS = ("KPLUS", "DANET", "CHILD", "RELAX", "SPORT")
SHOWN = ("Contract", *COLUMNS)


def logs(folder: Path) -> Path:
    """Odd contracts, and sums past 32 bits."""
    names = [name for name in ODD if name.strip() and name not in {"NULL", "None"}]
    hits = [
        {"Contract": name, "TotalDuration": 2**31 - 1 - i, "AppName": app}
        for i, name in enumerate(names)
        for app in APPS[: 1 + i % len(APPS)] * (1 + i % 3)
    ]
    path = folder / "20220401.json"
    path.write_text("".join(json.dumps({"_source": hit}) + "\n" for hit in hits))
    return path


def rows_of(place: Place) -> list[list[str]]:
    mark = "`" if place.sql.startswith("`") else '"'
    names = ", ".join(f"{mark}{name}{mark}" for name in SHOWN)
    rows = place.ask(f"SELECT {names} FROM {place.sql}")
    return sorted([str(value) for value in row] for row in rows)


def test_every_database_holds_what_the_csv_holds(tmp_path: Path) -> None:
    log = logs(tmp_path)
    out = tmp_path / "out.csv"
    assert run("run", "-q", "-i", log, "-o", out).status == 0
    names, *rows = csv.reader(io.StringIO(out.read_bytes().decode(), newline=""))
    assert names == list(SHOWN)
    assert max(int(value) for row in rows for value in row[1:]) > 2**32
    for name, made in PLACES.items():
        with made(tmp_path) as place:
            args = ("-o", place.url, "--table", place.table)
            assert run("run", "-q", "-i", log, *args).status == 0
            assert rows_of(place) == sorted(rows), name
    file = tmp_path / "watch.duckdb"
    assert run("run", "-q", "-i", log, "-o", f"duckdb:///{file}").status == 0
    with closing(duckdb.connect(file, read_only=True)) as session:
        there = session.execute(f"SELECT {', '.join(SHOWN)} FROM engagement").fetchall()
    assert sorted([str(value) for value in row] for row in there) == sorted(rows)
