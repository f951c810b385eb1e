"""The databases, each with what its own client does: load a CSV, and give the table back."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.measure import Program, RunError, run

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "engagement_bench"
COLUMNS = ("TVDuration", "MovieDuration", "ChildDuration", "RelaxDuration", "SportDuration")
_LOAD_DATA = (
    "LOAD DATA LOCAL INFILE '{csv}' INTO TABLE {table} CHARACTER SET utf8mb4 "
    "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' IGNORE 1 LINES"
)


@dataclass(frozen=True, slots=True)
class Client:
    """A database with its client.

    Attributes:
        database: What the report calls it.
        url: For ``load``.
        ask: The command that succeeds when the database can be had.
        drop: The command that drops table and ledger.
        clear: The command that makes the table anew for the client.
        ways: Commands that load the CSV, by name; the fastest of them is what is raced against.
        dump: The command that prints the table in order, as the CSV.
        limit: How many times as long ``load`` may take.
    """

    database: str
    url: str
    ask: tuple[str, ...]
    drop: tuple[str, ...]
    clear: tuple[str, ...]
    ways: dict[str, tuple[str, ...]]
    dump: tuple[str, ...]
    limit: float

    def missing(self) -> str:
        """Say why nothing can be raced here, or nothing."""
        if shutil.which(self.ask[0]) is None:
            return f"{self.ask[0]} is not installed"
        try:
            run(Program(self.ask[0], self.ask))
        except RunError as error:
            return str(error)
        return ""


def clients(folder: Path, file: Path) -> list[Client]:
    """The databases, at the places that the tests use too; SQLite's is a file in a folder."""
    environ = os.environ.get
    return [
        _postgres(environ("ENGAGEMENT_TEST_POSTGRES", "postgresql://root@127.0.0.1/test"), file),
        _sqlite(folder / "watch.db", file),
        _mariadb(environ("ENGAGEMENT_TEST_MARIADB", "mariadb://root@127.0.0.1/test"), file),
    ]


def _postgres(url: str, file: Path) -> Client:
    """``psql \\copy`` into a table without an index, and then the key."""
    client = ("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", url)
    columns = ", ".join(f'"{name}" bigint NOT NULL' for name in COLUMNS)
    drop = f"SET client_min_messages = error; DROP TABLE IF EXISTS {TABLE}, _engagement_loads"
    make = f'CREATE TABLE {TABLE} ("Contract" text COLLATE "C" NOT NULL, {columns})'
    copy = ("-c", f"\\copy {TABLE} FROM '{file}' CSV HEADER")
    key = ("-c", f'ALTER TABLE {TABLE} ADD PRIMARY KEY ("Contract")')
    dump = f'\\copy (SELECT * FROM {TABLE} ORDER BY "Contract") TO STDOUT CSV HEADER'
    return Client(
        "PostgreSQL",
        url,
        ask=(*client, "-c", "SELECT 1"),
        drop=(*client, "-c", drop),
        clear=(*client, "-c", f"{drop}; {make}"),
        ways={"psql \\copy, then the key": (*client, *copy, *key)},
        dump=(*client, "-c", dump),
        limit=1.5,
    )


def _sqlite(path: Path, file: Path) -> Client:
    """``sqlite3 .import`` into the same schema."""
    columns = ", ".join(f'"{name}" BIGINT NOT NULL' for name in COLUMNS)
    make = f'CREATE TABLE {TABLE} ("Contract" TEXT NOT NULL PRIMARY KEY, {columns}) WITHOUT ROWID'
    client = ("sqlite3", "-bail", str(path))
    query = f'SELECT * FROM {TABLE} ORDER BY "Contract"'
    drop = ("rm", "-f", str(path))
    return Client(
        "SQLite",
        f"sqlite:///{path}",
        ask=("sqlite3", ":memory:", "SELECT 1"),
        drop=drop,
        clear=_shell(f"{shlex.join(drop)} && {shlex.join([*client, make])}"),
        ways={"sqlite3 .import": (*client, ".mode csv", f".import --skip 1 {file} {TABLE}")},
        dump=_shell(f"{shlex.join([*client, '-header', '-csv', query])} | tr -d '\\r'"),
        limit=1.5,
    )


def _mariadb(url: str, file: Path) -> Client:
    """``LOAD DATA LOCAL`` in every way that could be the fastest."""
    parts = urlsplit(url)
    client = ["mariadb", "--local-infile=1", f"-h{parts.hostname}", f"-P{parts.port or 3306}"]
    client += [f"-u{parts.username}", *([f"-p{parts.password}"] if parts.password else [])]
    client += ["-D", parts.path[1:], "-B", "-e"]
    columns = ", ".join(f"{name} BIGINT NOT NULL" for name in COLUMNS)
    contract = "Contract VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL"
    drop = f"DROP TABLE IF EXISTS {TABLE}, _engagement_loads"
    make = f"CREATE TABLE {TABLE} ({contract}, {columns}, PRIMARY KEY (Contract)) ENGINE=InnoDB"
    read = _LOAD_DATA.format(csv=file, table=TABLE)
    unchecked = f"SET unique_checks = 0, foreign_key_checks = 0; {read}"
    query = f"SELECT * FROM {TABLE} ORDER BY Contract"
    return Client(
        "MariaDB",
        url,
        ask=(*client, "SELECT 1"),
        drop=(*client, drop),
        clear=(*client, f"{drop}; {make}"),
        ways={
            "LOAD DATA LOCAL": (*client, read),
            "LOAD DATA LOCAL, unchecked": (*client, unchecked),
        },
        dump=_shell(f"{shlex.join([*client, query])} | tr '\\t' ,"),
        limit=2.0,
    )


def _shell(line: str) -> tuple[str, ...]:
    return ("bash", "-euo", "pipefail", "-c", line)
