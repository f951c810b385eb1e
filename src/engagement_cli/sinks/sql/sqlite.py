"""SQLite: a staging table in the connection's own temporary file, then one transaction.

The database is locked against other writers from the start, and against readers only for the
moment in which the staged pages are copied over.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import sqlalchemy as sa

from engagement_cli.errors import ConflictError, UsageError
from engagement_cli.sinks.sql.content import Kind
from engagement_cli.sinks.sql.database import BUSY, DENIED, FULL, Database
from engagement_cli.sinks.sql.merge import refill
from engagement_cli.sinks.sql.pages import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy.engine.interfaces import ReflectedColumn
    from sqlalchemy.types import TypeEngine

    from engagement_cli.sinks.sql.content import Column, Content
    from engagement_cli.sinks.sql.plan import Existing, Part, Plan
    from engagement_cli.sinks.sql.target import SqlTarget

_LOW_BITS = 0xFFFF_FFFF
_WORD_BITS = 64
_PARAMETERS = 999
"""What a statement may have in every build; from so many on, more of them gain nothing."""
_VERDICTS = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_READONLY: DENIED,
    sqlite3.SQLITE_PERM: DENIED,
    sqlite3.SQLITE_FULL: FULL,
}


class Sqlite(Database):
    """SQLite 3.35 and later, through the standard library."""

    module = "sqlite3"
    batch_rows = 16_384
    # One B-tree in the order of the key, instead of a table and an index beside it.
    options: ClassVar[dict[str, Any]] = {"sqlite_with_rowid": False}

    _lax: frozenset[str] = frozenset()

    def __init__(self, target: SqlTarget) -> None:
        super().__init__(target)
        if target.schema is not None:
            raise UsageError(f"--table {target.table}: SQLite has no schemas. Give the bare name.")
        if self.fold(target.name).startswith("sqlite_"):
            raise UsageError(f"--table {target.table}: names in sqlite_ are SQLite's own.")

    def connect_args(self) -> dict[str, Any]:
        """The wait for whoever holds the file."""
        return {"timeout": self.target.lock_timeout}

    def prepare(self, engine: sa.Engine) -> None:
        """Begin at once and before any statement, which the driver by itself would not."""

        @sa.event.listens_for(engine, "connect")
        def _by_hand(connection: sqlite3.Connection, _: object) -> None:
            connection.isolation_level = None
            # Off by itself in most builds: no load reaches into other tables.
            connection.execute("PRAGMA foreign_keys = OFF")

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def begin(self) -> None:
        """Take the one write lock of the file."""
        self.connection.begin()

    def reach(self) -> None:
        """Look at the folder."""
        self._reach_folder()

    def lock(self, name: str) -> None:
        """Nothing more: ``begin`` has locked every table."""

    def fold(self, name: str) -> str:
        """SQLite compares names without regard to the case of ASCII letters."""
        return "".join(chr(ord(sign) + 32) if "A" <= sign <= "Z" else sign for sign in name)

    def name_fault(self, name: str) -> str | None:
        """Any text is a name."""
        return f"{name!r} is no name" if not name or "\0" in name else None

    def text_type(self, column: Column) -> TypeEngine[Any]:  # noqa: ARG002 - one fits all
        """Text of any length, compared byte by byte."""
        return sa.Text()

    def characters(self, values: sa.Column[Any]) -> sa.ColumnElement[int]:
        """SQLite calls it ``length``."""
        return sa.func.length(values)

    def integer_sum(self, values: sa.Column[Any], bits: int) -> list[Part]:
        """Two halves where a sum may pass 64 bits, which is an error here."""
        if bits <= _WORD_BITS:
            return [(sa.func.sum(values), 0)]
        return [
            (sa.func.sum(values.bitwise_rshift(32)), 32),
            (sa.func.sum(values.bitwise_and(_LOW_BITS)), 0),
        ]

    def shown(self, values: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
        """A floating number with every digit that it takes, which only SQL's own form has."""
        return sa.func.quote(values) if kind is Kind.REAL else values

    def read_back(self, table: sa.Table, content: Content) -> Generator[pa.Table]:
        """By pages."""
        return pages(self, table, content)

    def look(self) -> Existing | None:
        """As everywhere, and which keys take different texts for equal."""
        there = super().look()
        query = sa.text(
            "SELECT x.name FROM pragma_index_list(:name) i, pragma_index_xinfo(i.name) x"
            " WHERE i.\"unique\" AND x.key AND x.coll <> 'BINARY'"
        )
        lax = self.connection.execute(query, {"name": self.target.name})
        self._lax = frozenset(str(name) for (name,) in lax)
        return there

    def misfit(self, column: Column, existing: ReflectedColumn) -> bool:
        """Only a key in which different contracts are equal: lengths and widths mean nothing."""
        return column.key and existing["name"] in self._lax

    def alter_type(self, table: sa.Table, column: Column) -> str:  # noqa: ARG002 - it cannot be done
        """No type can be changed: the table is put aside, and the next load makes another."""
        aside = self.quote(f"{table.name}_old")
        return f"ALTER TABLE {self.quoted(table)} RENAME TO {aside}"

    def exact(self, values: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """Byte by byte, whatever the column ignores."""
        return values.collate("BINARY")

    def make_fit(self, plan: Plan, table: sa.Table) -> None:
        """Only add columns.

        Raises:
            ConflictError: A type would have to change.
        """
        if plan.refit:
            raise ConflictError(
                f"{self.target}: {plan.refit[0].name} takes different contracts for one, and "
                f"SQLite cannot change that. Put the table aside, then run the load again:\n"
                f"{self.alter_type(table, plan.refit[0])};"
            )
        super().make_fit(plan, table)

    def stage(self, plan: Plan, token: str) -> sa.Table:
        """A temporary table: it is in no file that a reader opens, and dies with the process."""
        columns = plan.content.columns
        stage = self.describe(columns, self.stage_name(token), "temp", **self.options)
        stage.create(self.connection)
        return stage

    def fill(self, stage: sa.Table, content: Content, progress: Callable[[int], None]) -> None:
        """Insert many rows by each statement, which takes half the time of one by one."""
        width = len(content.columns)
        row = f"({', '.join('?' * width)})"
        many = max(1, _PARAMETERS // width)
        driver = self._driver()
        for batch in content.batches(self.batch_rows):
            cells, whole = _cells(batch), batch.num_rows // many * many
            for start, end, rows in ((0, whole, many), (whole, batch.num_rows, 1)):
                statement = f"INSERT INTO {self.quoted(stage)} VALUES {', '.join([row] * rows)}"  # noqa: S608 - quoted
                cuts = range(start * width, end * width, rows * width)
                driver.executemany(statement, (cells[i : i + rows * width] for i in cuts))
            progress(batch.num_rows)

    def replace(self, plan: Plan, stage: sa.Table) -> None:
        """Replace the rows inside the table, which keeps its indexes, triggers and views."""
        if plan.existing is None:
            plan.table.create(self.connection)
            self.copy(stage, plan.table)
            return
        if not plan.existing.primary_key:
            plan.notes.append("the table has no primary key, and SQLite cannot add one to it")
        refill(self, plan, stage)

    def copy(self, stage: sa.Table, table: sa.Table) -> int:
        """Copy whole pages where the tables are alike, which SQLite does in this form only."""
        there = [c["name"] for c in sa.inspect(self.connection).get_columns(table.name)]
        if there != [column.name for column in stage.columns]:
            return super().copy(stage, table)
        statement = f"INSERT INTO {self.quoted(table)} SELECT * FROM {self.quoted(stage)}"  # noqa: S608 - quoted
        return self._driver().execute(statement).rowcount

    def _driver(self) -> sqlite3.Connection:
        driver = self.connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver

    def driver_errors(self) -> tuple[type[Exception], ...]:
        """Errors of statements that do not go through SQLAlchemy."""
        return (sqlite3.Error,)

    def verdict(self, error: BaseException) -> str | None:
        """By the primary result code."""
        code = getattr(error, "sqlite_errorcode", None)
        return None if code is None else _VERDICTS.get(code & 0xFF)


def _cells(batch: pa.RecordBatch) -> list[Any]:
    """The values row by row, one after the other."""
    width = batch.num_columns
    cells: list[Any] = [None] * (batch.num_rows * width)
    for i, values in enumerate(batch.columns):
        cells[i::width] = _plain(values)
    return cells


def _plain(values: pa.Array) -> list[Any]:
    """Python values as SQLite stores them: dates become ISO text."""
    if pa.types.is_date(values.type):
        values = values.cast(pa.string())
    if pa.types.is_int64(values.type):
        return list(values.to_numpy().tolist())
    return list(values.to_pylist())
