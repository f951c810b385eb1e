"""DuckDB, where its SQLAlchemy dialect is installed: straight from Arrow, in one transaction."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlalchemy as sa

from engagement_cli.errors import UsageError
from engagement_cli.sinks.sql.database import BUSY, FULL, LOST, Database
from engagement_cli.sinks.sql.ledger import LEDGER
from engagement_cli.sinks.sql.plan import Existing, as_references

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy.engine.interfaces import ReflectedColumn
    from sqlalchemy.types import TypeEngine

    from engagement_cli.sinks.sql.content import Column, Content
    from engagement_cli.sinks.sql.plan import Plan, Reference

_TYPES: dict[str, TypeEngine[Any]] = {
    "VARCHAR": sa.Text(),
    "BIGINT": sa.BigInteger(),
    "INTEGER": sa.Integer(),
    "DOUBLE": sa.Double(),
    "DATE": sa.Date(),
    "BOOLEAN": sa.Boolean(),
}
_PAUSE_SECONDS = 0.1
_SAYINGS = {"Could not set lock": BUSY, "No space left": FULL, "Connection already closed": LOST}


class DuckDb(Database):
    """DuckDB 1.4 and later, through duckdb-engine, which cannot look at tables by itself."""

    module = "duckdb_engine"
    install = "pip install duckdb-engine"

    def _connected(self) -> sa.Connection:
        """Wait for the process that has the file open, which DuckDB itself would not."""
        errors: tuple[type[Exception], ...] = (sa.exc.SQLAlchemyError, *self.driver_errors())
        end = time.monotonic() + self.target.lock_timeout
        while True:
            try:
                return super()._connected()
            except errors as error:
                cause = getattr(error, "orig", None) or error
                if self.verdict(cause) != BUSY or time.monotonic() >= end:
                    raise
            time.sleep(_PAUSE_SECONDS)

    def begin(self) -> None:
        """Begin, and find the schema; the file is this process's alone as long as it is open."""
        self.schema = self.schema or str(self._rows("SELECT current_schema()")[0][0])

    def reach(self) -> None:
        """Look at the folder."""
        self._reach_folder()

    def lock(self, name: str) -> None:
        """Nothing more: no other process can have the file open."""

    # --- names and looks ------------------------------------------------------------------

    def fold(self, name: str) -> str:
        """Names are compared without regard to case."""
        return name.lower()

    def name_fault(self, name: str) -> str | None:
        """Any text is a name."""
        return f"{name!r} is no name" if not name or "\0" in name else None

    def text_type(self, column: Column) -> TypeEngine[Any]:  # noqa: ARG002 - one fits all
        """Text of any length, compared byte by byte."""
        return sa.Text()

    def characters(self, values: sa.Column[Any]) -> sa.ColumnElement[int]:
        """DuckDB calls it ``length``."""
        return sa.func.length(values)

    def has_ledger(self) -> bool:
        """Whether there is a ledger beside the table."""
        return bool(self._columns(LEDGER))

    def create_ledger(self) -> None:
        """Make the ledger where it is missing."""
        if not self.has_ledger():
            self.ledger.create(self.connection, checkfirst=False)

    def look(self) -> Existing | None:
        """What stands in the target's place, out of the catalogue."""
        columns = self._columns(self.target.name)
        if not columns:
            return None
        query = (
            "SELECT constraint_type, constraint_column_names FROM duckdb_constraints() WHERE "
            "schema_name = ? AND table_name = ? AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')"
        )
        keys = [(kind, tuple(names)) for kind, names in self._rows(query, self._place)]
        primary = next((names for kind, names in keys if kind == "PRIMARY KEY"), ())
        return Existing(tuple(columns), primary, tuple(frozenset(names) for _, names in keys))

    def _columns(self, name: str) -> list[ReflectedColumn]:
        query = (
            "SELECT column_name, data_type, is_nullable, column_default, table_type"
            " FROM information_schema.columns c JOIN information_schema.tables t"
            " USING (table_catalog, table_schema, table_name)"
            " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position"
        )
        rows = self._rows(query, [str(self.schema), name])
        if rows and rows[0][-1] == "VIEW":
            raise UsageError(f"{name} is a view. Give --table the name of a table.")
        return [
            {
                "name": column,
                "type": _TYPES.get(kind, sa.types.NullType()),
                "nullable": nullable == "YES",
                "default": default,
            }
            for column, kind, nullable, default, _ in rows
        ]

    def alter_type(self, table: sa.Table, column: Column) -> str:
        """ALTER COLUMN, as in the standard."""
        kind = self._type(column).compile(dialect=self.dialect)
        return f"ALTER TABLE {self.quoted(table)} ALTER {self.quote(column.name)} TYPE {kind}"

    def exact(self, values: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """By its bytes, whatever the column's collation ignores."""
        return sa.func.encode(values)

    def read_back(self, table: sa.Table, content: Content) -> Generator[pa.Table]:
        """Straight into Arrow, in code-point order."""
        query = sa.select(table).order_by(*(table.c[name] for name in content.key))
        found = self._driver.sql(str(query.compile(dialect=self.dialect)))
        for batch in pa.RecordBatchReader.from_stream(found):
            yield pa.Table.from_batches([batch]).cast(content.table.schema)

    # --- writing --------------------------------------------------------------------------

    def stage(self, plan: Plan, token: str) -> sa.Table:
        """A temporary table without a key, which goes with the connection."""
        stage = self.describe(plan.content.columns, self.stage_name(token), None)
        columns = ", ".join(map(self.specification, plan.content.columns))
        self._rows(f"CREATE TEMPORARY TABLE {self.quoted(stage)} ({columns})")
        return stage

    def fill(self, stage: sa.Table, content: Content, progress: Callable[[int], None]) -> None:
        """Let DuckDB read the Arrow batches where they lie."""
        for batch in content.batches(self.batch_rows):
            self._driver.register("_engagement_batch", batch)
            self._rows(f"INSERT INTO {self.quoted(stage)} SELECT * FROM _engagement_batch")  # noqa: S608 - quoted
            progress(batch.num_rows)

    def references(self) -> tuple[Reference, ...]:
        """Out of the catalogue; a foreign key stays within its schema here, and has no name."""
        query = (
            "SELECT constraint_text, schema_name, table_name, unnest(constraint_column_names),"
            " unnest(referenced_column_names) FROM duckdb_constraints() WHERE"
            " constraint_type = 'FOREIGN KEY' AND schema_name = ? AND referenced_table = ?"
        )
        return as_references(self._rows(query, self._place))

    def replace(self, plan: Plan, stage: sa.Table) -> None:
        """A new table: its keys cannot be deleted and added again in one transaction."""
        if plan.existing is not None:
            self._rows(f"DROP TABLE {self.quoted(plan.table)}")
            plan.notes = ["a new table was made: columns, indexes and comments of its own are gone"]
        plan.table.create(self.connection, checkfirst=False)
        self.copy(stage, plan.table)

    def run(self, statement: str) -> None:
        """A cursor of its own would be another connection here."""
        self._rows(statement)

    def count(self, statement: sa.Insert | sa.Update | sa.Delete) -> int:
        """Run a statement; DuckDB answers with the number of rows."""
        return int(self._rows(str(statement.compile(dialect=self.dialect)))[0][0])

    @property
    def _driver(self) -> Any:
        return self.connection.connection.driver_connection

    @property
    def _place(self) -> list[str]:
        return [str(self.schema), self.target.name]

    def _rows(self, query: str, values: list[str] | None = None) -> list[tuple[Any, ...]]:
        if not self.connection.in_transaction():
            self.connection.begin()
        return list(self._driver.execute(query, values or []).fetchall())

    def driver_errors(self) -> tuple[type[Exception], ...]:
        """Errors of statements that do not go through SQLAlchemy."""
        import duckdb  # noqa: PLC0415 - an optional dependency

        return (duckdb.Error,)

    def verdict(self, error: BaseException) -> str | None:
        """By what it says: there are no numbers."""
        return next((kind for words, kind in _SAYINGS.items() if words in str(error)), None)
