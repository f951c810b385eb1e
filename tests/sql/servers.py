"""The databases that the tests write into: a place of its own for each test, and a plain reader.

Nothing here uses the code under test: rows are read back through the drivers.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
import psycopg
import pymysql
import pytest

from engagement_cli.sinks.sql import SqlTarget, parse_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

POSTGRES = os.environ.get("ENGAGEMENT_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/test")
MARIADB = os.environ.get("ENGAGEMENT_TEST_MARIADB", "mariadb://root@127.0.0.1:3306/test")


class Place(Protocol):
    """A database with room for one test.

    Attributes:
        url: For the loader.
        table: For the loader: the table's name, with its schema where it has one.
        sql: The table's name as SQL.
        here: What the ledger's name is prefixed with, as SQL.
    """

    url: str
    table: str
    sql: str
    here: str

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Run a statement over a connection of its own and give its rows."""
        ...

    def session(self) -> Any:
        """A connection of its own, not committing by itself."""
        ...


def target(place: Place, **options: Any) -> SqlTarget:
    """The table of a place, with short waits."""
    return SqlTarget(parse_url(place.url), place.table, **{"lock_timeout": 5.0, **options})


def read(place: Place, order: str = "Contract") -> pd.DataFrame | None:
    """The rows of the table as a frame ordered by contract; None when there is no table."""
    with closing(place.session()) as session:
        cursor = session.cursor()
        try:
            cursor.execute(f"SELECT * FROM {place.sql}")
        except (psycopg.errors.UndefinedTable, pymysql.ProgrammingError):
            return None
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return None
        rows, names = cursor.fetchall(), [column[0] for column in cursor.description]
    frame = pd.DataFrame({name: _column([row[i] for row in rows]) for i, name in enumerate(names)})
    return frame.sort_values(order, ignore_index=True)


def _column(values: list[Any]) -> pd.Series[Any]:
    if not values:
        return pd.Series(values)
    text = any(isinstance(value, str) for value in values)
    return pd.Series(values, dtype="str" if text else None)


def ledger(place: Place) -> list[tuple[Any, ...]]:
    """What the ledger says: mode, rows, seconds."""
    return place.ask(
        f"SELECT mode, {_rows(place)}, seconds FROM {place.here}_engagement_loads ORDER BY number"
    )


def _rows(place: Place) -> str:
    return "`rows`" if isinstance(place, MariaDbPlace) else '"rows"'


def leftovers(place: Place) -> list[str]:
    """Tables of the program other than the ledger."""
    if isinstance(place, SqlitePlace):
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    else:
        query = (
            "SELECT table_name FROM information_schema.tables "
            f"WHERE table_schema = '{place.here[:-1]}'"
        )
    names = [str(row[0]) for row in place.ask(query)]
    return [n for n in names if n.startswith("_engagement") and n != "_engagement_loads"]


class SqlitePlace:
    """A file."""

    here = ""
    table = "engagement"
    sql = '"engagement"'

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    def session(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=10)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.session()) as session:
            rows = session.execute(query).fetchall()
            session.commit()
        return rows


class PostgresPlace:
    """A schema in the test database."""

    def __init__(self, url: str, schema: str) -> None:
        self.url = f"{url}?application_name={schema}"
        self.table = f"{schema}.engagement"
        self.sql = f'"{schema}"."engagement"'
        self.here = f"{schema}."

    def session(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.url)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.session() as session:
            cursor = session.execute(query.encode())
            return cursor.fetchall() if cursor.description else []


class MariaDbPlace:
    """A database of its own on the server."""

    table = "engagement"
    sql = "`engagement`"

    def __init__(self, url: str, database: str) -> None:
        self.url = url.rpartition("/")[0] + f"/{database}"
        self.here = f"{database}."
        self.database = database

    def session(self) -> pymysql.Connection[Any]:
        parts = parse_url(self.url)
        return pymysql.connect(
            host=parts.host,
            port=parts.port or 3306,
            user=parts.username,
            password=parts.password or "",
            database=self.database,
            charset="utf8mb4",
        )

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.session()) as session:
            cursor = session.cursor()
            cursor.execute(query)
            session.commit()
            return list(cursor.fetchall())


def kill_backends(place: Place) -> None:
    """End every other session that works in the place."""
    if isinstance(place, PostgresPlace):
        place.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            f"AND application_name = '{place.here[:-1]}'"
        )
        return
    assert isinstance(place, MariaDbPlace)
    query = (
        "SELECT id FROM information_schema.processlist "
        f"WHERE db = '{place.database}' AND id <> CONNECTION_ID()"
    )
    for (number,) in place.ask(query):
        place.ask(f"KILL {number}")


@contextmanager
def sqlite_place(folder: Path) -> Iterator[SqlitePlace]:
    """A fresh file."""
    yield SqlitePlace(folder / "watch.db")


@contextmanager
def postgres_place(_: Path) -> Iterator[PostgresPlace]:
    """A fresh schema, dropped at the end."""
    schema = f"engagement_test_{secrets.token_hex(4)}"
    place = PostgresPlace(POSTGRES, schema)
    try:
        place.ask(f"CREATE SCHEMA {schema}")
    except psycopg.OperationalError as error:
        absent("PostgreSQL", "ENGAGEMENT_TEST_POSTGRES", error)
    try:
        yield place
    finally:
        place.ask(f"DROP SCHEMA {schema} CASCADE")


@contextmanager
def mariadb_place(_: Path) -> Iterator[MariaDbPlace]:
    """A fresh database, dropped at the end."""
    name = f"engagement_test_{secrets.token_hex(4)}"
    server = MariaDbPlace(MARIADB, parse_url(MARIADB).database or "test")
    try:
        server.ask(f"CREATE DATABASE {name}")
    except pymysql.OperationalError as error:
        absent("MariaDB", "ENGAGEMENT_TEST_MARIADB", error)
    try:
        yield MariaDbPlace(MARIADB, name)
    finally:
        server.ask(f"DROP DATABASE {name}")


def absent(server: str, variable: str, error: Exception) -> None:
    """Skip where a developer has no server; fail where the tests are the gate."""
    reason = f"no {server} answers at {variable} or its default: {error}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


PLACES: dict[str, Callable[[Path], AbstractContextManager[Place]]] = {
    "sqlite": sqlite_place,
    "postgres": postgres_place,
    "mariadb": mariadb_place,
}
