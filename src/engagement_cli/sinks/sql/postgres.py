"""PostgreSQL: COPY into a staging table, all in one transaction.

A plain table is replaced by a new one that is given the same grants, comments and indexes. A
table that others lean on (views, foreign keys, triggers, policies, publications and so on) keeps
its identity: its rows are replaced inside it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from engagement_cli.errors import DatabaseError
from engagement_cli.sinks.sql.database import BUSY, DENIED, FULL, HIDDEN, LOST, Database
from engagement_cli.sinks.sql.merge import refill
from engagement_cli.sinks.sql.pages import pages
from engagement_cli.sinks.sql.plan import as_references
from engagement_cli.sinks.sql.postgres_catalog import (
    IS_PLAIN,
    LAX,
    REFERENCES,
    Belongings,
    belongings,
)
from engagement_cli.sinks.sql.postgres_rows import as_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    import psycopg
    import pyarrow as pa
    from sqlalchemy.engine.interfaces import ReflectedColumn
    from sqlalchemy.types import TypeEngine

    from engagement_cli.sinks.sql.content import Column, Content, Kind
    from engagement_cli.sinks.sql.plan import Existing, Plan, Reference

_NAME_BYTES = 63
_CONNECT_SECONDS = "30"
_TURN_SECONDS, _PAUSE_SECONDS = 0.2, 0.3
"""How long a load stands in the way of new readers, and how long it then lets them through."""
_SORT_ROOM = "256MB"
_ROOM_TO_SORT = (
    "SELECT set_config('maintenance_work_mem', :room, true) WHERE"
    " pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes(:room)"
)
"""The keys of some million rows are sorted in memory, unless the server gives more by itself."""
_VERDICTS = {
    "55P03": BUSY,
    "40P01": BUSY,
    "42501": DENIED,
    "53100": FULL,
    "57P01": LOST,
    "57P02": LOST,
    "57P03": LOST,
}


class Postgres(Database):
    """PostgreSQL 12 and later, through psycopg 3."""

    taken = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
    module = "psycopg"
    install = "pip install 'engagement-cli[postgres]'"

    _swaps = False
    _lax: frozenset[str] = frozenset()

    # --- connection -----------------------------------------------------------------------

    def query(self) -> dict[str, str]:
        """With a bound on the time to connect, unless the URL has one."""
        return {"connect_timeout": _CONNECT_SECONDS} | super().query()

    def begin(self) -> None:
        """Bound the waits for locks, and find the schema of a bare name."""
        self._bound_waits(self.target.lock_timeout)
        self._set("client_encoding", "UTF8")
        # An error instead of a table of which a policy hides a part.
        self._set("row_security", "off")
        if self.schema is None:
            self.schema = self._home()

    def _home(self) -> str:
        """The schema where the bare name is found, or else where it would be made."""
        query = (
            "SELECT coalesce((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON"
            " n.oid = c.relnamespace WHERE c.oid = to_regclass(quote_ident(:name))),"
            " current_schema())"
        )
        schema = self._ask(query, name=self.target.name)
        if schema is None:
            raise DatabaseError(
                f"{self.target}: no schema of the search path exists. Give --table schema.name."
            )
        return str(schema)

    def lock(self, name: str) -> None:
        """An advisory lock, which ends with the transaction."""
        key = f"{self.schema}.{name}"
        self._ask("SELECT pg_advisory_xact_lock(hashtextextended(:key, 19283))", key=key)

    # --- names and types ------------------------------------------------------------------

    def name_fault(self, name: str) -> str | None:
        """PostgreSQL cuts longer names without a word."""
        if not name or "\0" in name:
            return f"{name!r} is no name"
        size = len(name.encode())
        if size > _NAME_BYTES:
            return f"{name!r} has {size} bytes, and {_NAME_BYTES} are the most"
        return None

    def text_type(self, column: Column) -> TypeEngine[Any]:
        """Keys in code-point order, as in every other output; that index builds faster, too."""
        return sa.Text(collation="C") if column.key else sa.Text()

    def look(self) -> Existing | None:
        """As everywhere, and which columns take different texts for equal."""
        there = super().look()
        if there is not None:
            place = f"{self.quote(str(self.schema))}.{self.quote(self.target.name)}"
            lax = self.connection.execute(sa.text(LAX), {"name": place})
            self._lax = frozenset(str(name) for (name,) in lax)
        return there

    def misfit(self, column: Column, existing: ReflectedColumn) -> bool:
        """Also a key in which different contracts are equal."""
        return super().misfit(column, existing) or (column.key and existing["name"] in self._lax)

    def alter_type(self, table: sa.Table, column: Column) -> str:
        """ALTER COLUMN, which says the type a second time."""
        spec = self._type(column).compile(dialect=self.dialect)
        return (
            f"ALTER TABLE {self.quoted(table)} ALTER COLUMN {self.quote(column.name)} TYPE {spec}"
        )

    def exact(self, values: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """By its bytes, whatever the column's type or collation ignores."""
        return sa.cast(values, sa.Text).collate("C")

    def ordered(self, key: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """By code points, whatever the locale; an index in that order is used as it is."""
        return self.exact(key)

    def octets(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A cast would take backslashes for escapes."""
        return sa.func.convert_to(text, "UTF8")

    def size(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Without a copy, in a database that is in UTF-8; in another, nothing is known again."""
        return sa.func.octet_length(text)

    def shown(self, values: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:  # noqa: ARG002 - one fits all
        """Nothing becomes text by itself."""
        return sa.cast(values, sa.Text)

    def read_back(self, table: sa.Table, content: Content) -> Generator[pa.Table]:
        """By pages: COPY would send a message for each row, and psycopg an object for each."""
        self._set("datestyle", "ISO")
        self._set("extra_float_digits", "1")
        return pages(self, table, content)

    # --- staging --------------------------------------------------------------------------

    def stage(self, plan: Plan, token: str) -> sa.Table:
        """The new table itself where it may take the old one's place, or else a temporary one."""
        columns, name = plan.content.columns, self.stage_name(token)
        self._swaps = plan.existing is None or self._is_replaceable(plan)
        if not self._swaps:
            stage = self.describe(columns, name, None)
            self.run(
                f"CREATE TEMPORARY TABLE {self.quoted(stage)} "
                f"({', '.join(map(self.specification, columns))}) ON COMMIT DROP"
            )
            return stage
        stage = self.describe(columns, name, self.schema)
        if plan.existing is None:
            self.run(f"CREATE TABLE {self.quoted(stage)} ({', '.join(map(self._strict, columns))})")
        else:
            like = f"LIKE {self.quoted(plan.table)} INCLUDING ALL EXCLUDING INDEXES"
            self.run(f"CREATE TABLE {self.quoted(stage)} ({like})")
            self.make_fit(plan, stage)
            for column in (c for c in plan.lacking if not c.nullable):
                self.run(
                    f"ALTER TABLE {self.quoted(stage)} ALTER {self.quote(column.name)} SET NOT NULL"
                )
        return stage

    def _is_replaceable(self, plan: Plan) -> bool:
        replaces = self.target.if_exists == "replace"
        return replaces and bool(self._ask(IS_PLAIN, oid=self._oid(plan.table)))

    def _strict(self, column: Column) -> str:
        return self.specification(column) + ("" if column.nullable else " NOT NULL")

    def fill(self, stage: sa.Table, content: Content, progress: Callable[[int], None]) -> None:
        """COPY the batches as CSV, which Arrow writes faster than the server reads."""
        # Frozen rows are seen by snapshots older than the load, so that a reader in the middle
        # of a long transaction finds the new table and not an empty one.
        freeze = ", FREEZE" if self._swaps else ""
        names = ", ".join(self.quote(column.name) for column in content.columns)
        statement = f"COPY {self.quoted(stage)} ({names}) FROM STDIN (FORMAT csv{freeze})"
        driver = cast("psycopg.Connection", self.connection.connection.driver_connection)
        with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for rows, text in as_csv(content.batches(self.batch_rows)):
                copy.write(text)
                progress(rows)

    # --- taking the place -----------------------------------------------------------------

    def replace(self, plan: Plan, stage: sa.Table) -> None:
        """Swap the tables, or else replace the rows."""
        if not self._swaps:
            self._keep_writers_out(plan)
            refill(self, plan, stage)
            return
        owned = Belongings()
        if plan.existing is not None:
            owned = belongings(self.connection, self._oid(plan.table), self._oid(stage))
        new, table = self.quoted(stage), self.quoted(plan.table)
        self._ask(_ROOM_TO_SORT, room=_SORT_ROOM)
        self._run_all(owned.before(new, stage.name))
        keyless = plan.existing is None or not plan.existing.primary_key
        if keyless:
            self.run(self.alter_key(stage, plan.content.key))
        self.run(f"ANALYZE {new}")
        if plan.existing is not None:
            # Readers wait from here to the commit, a moment; until here they had the old table.
            self._keep_readers_out(table)
            self.run(f"DROP TABLE {table}")
        self.run(f"ALTER TABLE {new} RENAME TO {self.quote(plan.table.name)}")
        self._run_all(owned.after(table, self.quote(str(self.schema)), stage.name))
        if keyless:
            self._rename_key(f"{stage.name}_pkey", f"{plan.table.name}_pkey")

    def _rename_key(self, old: str, new: str) -> None:
        """Give the key the name it would have had, unless that is taken or too long."""
        schema = self.quote(str(self.schema))
        taken = self._ask("SELECT to_regclass(:name)", name=f"{schema}.{self.quote(new)}")
        if taken is None and self.name_fault(new) is None:
            self.run(f"ALTER INDEX {schema}.{self.quote(old)} RENAME TO {self.quote(new)}")

    def references(self) -> tuple[Reference, ...]:
        """Out of the catalogue."""
        values = {"name": f"{self.quote(str(self.schema))}.{self.quote(self.target.name)}"}
        return as_references(self.connection.execute(sa.text(REFERENCES), values))

    def before_merge(self, plan: Plan, stage: sa.Table) -> None:
        """Keep other writers out, and let the planner know the staged rows."""
        self._keep_writers_out(plan)
        self.run(f"ANALYZE {self.quoted(stage)}")

    def _keep_writers_out(self, plan: Plan) -> None:
        """Also those who would add a row that refers to one of ours."""
        self.run(f"LOCK TABLE {self.quoted(plan.table)} IN EXCLUSIVE MODE")

    def _keep_readers_out(self, table: str) -> None:
        """Wait for older readers in short turns: behind one who waits, every new reader queues."""
        # An autovacuum gives way to whoever waits for a second; no reader waits behind this.
        self.run(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        end = time.monotonic() + self.target.lock_timeout
        while True:
            self._bound_waits(min(_TURN_SECONDS, self.target.lock_timeout))
            try:
                with self.connection.begin_nested():
                    self.run(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            except self.driver_errors() as error:
                if self.verdict(error) != BUSY or time.monotonic() >= end:
                    raise
            else:
                break
            time.sleep(_PAUSE_SECONDS)
        self._bound_waits(self.target.lock_timeout)

    def _bound_waits(self, seconds: float) -> None:
        self._set("lock_timeout", f"{max(1, round(seconds * 1000))}ms")

    def _set(self, setting: str, value: str) -> None:
        query = "SELECT set_config(:setting, :value, true)"
        self._ask(query, setting=setting, value=value)

    def _oid(self, table: sa.Table) -> int:
        return int(self._ask("SELECT to_regclass(:name)::oid::bigint", name=self.quoted(table)))

    def _ask(self, query: str, **values: Any) -> Any:
        return self.connection.execute(sa.text(query), values).scalar()

    def _run_all(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self.run(statement)

    # --- errors ---------------------------------------------------------------------------

    def driver_errors(self) -> tuple[type[Exception], ...]:
        """Errors of COPY and of statements run as they stand."""
        import psycopg  # noqa: PLC0415 - an optional dependency

        return (psycopg.Error,)

    def verdict(self, error: BaseException) -> str | None:
        """By SQLSTATE; without one, an error on a connection is the end of it."""
        state = getattr(error, "sqlstate", None)
        if state is None:
            return LOST if hasattr(self, "connection") else None
        if state == "42501" and "row-level security" in str(error):
            return HIDDEN
        return LOST if state.startswith("08") else _VERDICTS.get(state)
