"""MySQL and MariaDB: a staging table, then an atomic rename or one InnoDB transaction.

DDL cannot be rolled back here. A new or replaced table is loaded beside the old one and takes its
name by one ``RENAME TABLE``, which is the moment of the commit: the ledger row stands just before
it, and is void as long as the new table still has its staging name. A table with triggers or
foreign keys, and every upsert and append, is written inside the table by one InnoDB transaction
from a temporary table.
"""

from __future__ import annotations

import hashlib
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa

from engagement_cli.errors import ConflictError, DatabaseError, UsageError
from engagement_cli.sinks.sql.database import BUSY, DENIED, FULL, LOST
from engagement_cli.sinks.sql.merge import refill
from engagement_cli.sinks.sql.mysql_login import defaults_file, password_of
from engagement_cli.sinks.sql.mysql_names import MySqlNames
from engagement_cli.sinks.sql.mysql_rows import batch_file, inserts, load_data, write_batch
from engagement_cli.sinks.sql.pages import pages
from engagement_cli.sinks.sql.plan import as_references

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import pyarrow as pa

    from engagement_cli.sinks.sql.content import Content
    from engagement_cli.sinks.sql.plan import Plan, Reference

_CONNECT_SECONDS = 30
_PAGE_BYTES = 2**30
_VERDICTS = {
    **dict.fromkeys((1205, 1213, 3572), BUSY),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1370, 1410), DENIED),
    **dict.fromkeys((1021, 1114), FULL),
    **dict.fromkeys((0, 1053, 1077, 1079, 1927, 2006, 2013, 2055, 4031), LOST),
}
_LEANED_ON = """
SELECT EXISTS (SELECT 1 FROM information_schema.triggers
       WHERE event_object_schema = :schema AND event_object_table = :name)
    OR EXISTS (SELECT 1 FROM information_schema.key_column_usage
       WHERE referenced_table_name IS NOT NULL AND (table_schema = :schema AND table_name = :name
       OR referenced_table_schema = :schema AND referenced_table_name = :name))
    OR EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = :schema
       AND table_name = :name AND table_type <> 'BASE TABLE')
"""
"""Whether a table has what a rename would leave behind."""
_BEGINNING = """
SELECT table_name FROM information_schema.tables WHERE table_schema = :schema
   AND CAST(LEFT(table_name, CHAR_LENGTH(:text)) AS BINARY) = CAST(:text AS BINARY)
"""
_REFERENCES = """
SELECT constraint_name, table_schema, table_name, column_name, referenced_column_name
  FROM information_schema.key_column_usage
 WHERE referenced_table_schema = :schema AND referenced_table_name = :name
 ORDER BY table_schema, table_name, constraint_name, ordinal_position
"""
_ENGINE = """
SELECT engine FROM information_schema.tables WHERE table_schema = :schema AND table_name = :name
"""


class MySql(MySqlNames):
    """MariaDB 10.6 and later and MySQL 8.0.17 and later, through PyMySQL."""

    module = "pymysql"
    install = "pip install 'engagement-cli[mysql]'"
    options: ClassVar[dict[str, Any]] = {
        "mysql_engine": "InnoDB",
        "mariadb_engine": "InnoDB",
        "mysql_default_charset": "utf8mb4",
        "mariadb_default_charset": "utf8mb4",
    }

    _swap: tuple[sa.Table, sa.Table | None] | None = None
    """The new table, and the name that the old one is to get, when a rename is the commit."""
    _held: frozenset[str] = frozenset()
    """What this session holds the lock of; nothing that others hold is ever swept."""

    # --- connection -----------------------------------------------------------------------

    def query(self) -> dict[str, str]:
        """With the client's own option file, as its tools read it, unless a password is given."""
        options = super().query()
        if self.target.url.password is None and (file := defaults_file()):
            options.setdefault("read_default_file", file)
        return options

    def connect_args(self) -> dict[str, Any]:
        """Strict, in UTF-8, and able to send local files unless the URL says otherwise."""
        password = password_of(self.target.url.password, self.query())
        return {
            # As bytes: PyMySQL takes texts for Latin-1.
            **({} if password is None else {"password": password.encode()}),
            "charset": "utf8mb4",
            "connect_timeout": _CONNECT_SECONDS,
            "local_infile": self._sends_files,
            "sql_mode": "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION",
        }

    @property
    def _sends_files(self) -> bool:
        return self.query().get("local_infile", "1") != "0"

    def begin(self) -> None:
        """Bound the waits for locks, and find the database of a bare name."""
        self._held = frozenset()
        self.run(f"SET SESSION lock_wait_timeout = {self._seconds}")
        self.run(f"SET SESSION innodb_lock_wait_timeout = {self._seconds}")
        if self.schema is None:
            self.schema = self._ask("SELECT DATABASE()")
        if self.schema is None:
            raise UsageError(
                f"{self.target}: no database. Name it in the URL or as --table db.table."
            )

    @property
    def _seconds(self) -> int:
        return math.ceil(self.target.lock_timeout)

    def lock(self, name: str) -> None:
        """A named lock, which ends with the session."""
        mark = hashlib.blake2b(f"{self.schema}.{name}".encode(), digest_size=16).hexdigest()
        if self._ask("SELECT GET_LOCK(:lock, :wait)", lock=mark, wait=self._seconds) != 1:
            raise ConflictError(
                f"{self.target}: another load of it is still at work after "
                f"{self.target.lock_timeout:g} s. Nothing was written: run again when it is done."
            )
        self._held |= {name}

    def sweep(self) -> None:
        """Undo a load that died before its rename; tidy up after one that died past it."""
        table = self._named(self.target.name)
        names = self._names(self.own_prefix)
        for name in (n for n in names if n.endswith("_old")):
            if self.target.name in self._names(self.target.name):
                self.run(f"DROP TABLE {self._named(name)}")
            else:
                # Only a server whose renames are not atomic leaves this behind.
                self.run(f"RENAME TABLE {self._named(name)} TO {table}")
        for name in (n for n in names if n.endswith("_new")):
            self._forget(name)
            self.run(f"DROP TABLE {self._named(name)}")

    def _forget(self, stage: str) -> None:
        """Take the ledger row of a load back whose new table has not got its name."""
        token = stage.removeprefix(self.own_prefix).removesuffix("_new")
        self.connection.execute(self.ledger.delete().where(self.ledger.c.token == token))
        self.connection.commit()

    def abandon(self) -> None:
        """Sweep at once; where the connection is gone, the next load does it.

        A session that never got the lock leaves all as it is: it is another load's, and at work.
        """
        if self.target.name not in self._held:
            return
        with suppress(sa.exc.SQLAlchemyError, *self.driver_errors()):
            self.connection.rollback()
            self.sweep()

    def read_back(self, table: sa.Table, content: Content) -> Generator[pa.Table]:
        """By pages: PyMySQL makes its objects in Python, one by one."""
        self.run(f"SET SESSION group_concat_max_len = {_PAGE_BYTES}")
        yield from pages(self, table, content)

    # --- staging --------------------------------------------------------------------------

    def stage(self, plan: Plan, token: str) -> sa.Table:
        """The new table itself where a rename will do, or else a temporary one."""
        columns, name = plan.content.columns, self.stage_name(token)
        stage = self.describe(columns, name, self.schema, **self.options)
        self._swap = None
        if plan.existing is None:
            stage.create(self.connection, checkfirst=False)
            self._swap = stage, None
        elif self.target.if_exists == "replace" and not self._is_leaned_on():
            self.run(f"CREATE TABLE {self.quoted(stage)} LIKE {self.quoted(plan.table)}")
            self._refit(plan, stage)
            self._swap = stage, self.describe((), f"{name.removesuffix('new')}old", self.schema)
        else:
            self._refuse_change(plan)
            options = {**self.options, "prefixes": ["TEMPORARY"]}
            stage = self.describe(columns, name, self.schema, **options)
            stage.create(self.connection, checkfirst=False)
        return stage

    def _is_leaned_on(self) -> bool:
        """Whether a table made LIKE this one would lack something: also its place on the disk."""
        if self._asked_of_table(_LEANED_ON):
            return True
        shown = self.connection.exec_driver_sql(
            f"SHOW CREATE TABLE {self._named(self.target.name).replace('%', '%%')}"
        )
        return "DATA DIRECTORY=" in str(shown.one()[1])

    def _refit(self, plan: Plan, stage: sa.Table) -> None:
        """Give the new table what the result needs and the old one lacks."""
        self.make_fit(plan, stage)
        if plan.existing is not None and not plan.existing.primary_key:
            self.run(self.alter_key(stage, plan.content.key))

    def _refuse_change(self, plan: Plan) -> None:
        """What cannot be done in a transaction must be done before the load."""
        statements = [self.alter_add(plan.table, column) for column in plan.lacking]
        statements += [self.alter_type(plan.table, column) for column in plan.refit]
        if self._asked_of_table(_ENGINE) != "InnoDB":
            statements.append(f"ALTER TABLE {self.quoted(plan.table)} ENGINE=InnoDB")
        if statements:
            raise ConflictError(
                f"{self.target} can be written only inside one transaction, and these cannot be "
                f"part of it. Run them, then the load again:\n"
                + "\n".join(f"{statement};" for statement in statements)
            )

    def references(self) -> tuple[Reference, ...]:
        """Out of the information schema."""
        values = {"schema": self.schema, "name": self.target.name}
        return as_references(self.connection.execute(sa.text(_REFERENCES), values))

    def locked(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """Read what is committed, not what was when the transaction began, and hold it."""
        return query.with_for_update(read=True)

    def fill(self, stage: sa.Table, content: Content, progress: Callable[[int], None]) -> None:
        """LOAD DATA where both sides allow it and no cell is NULL, or else INSERT."""
        table = self.quoted(stage)
        names = ", ".join(self.quote(column.name) for column in content.columns)
        local = self._sends_files and self._ask("SELECT @@local_infile")
        with batch_file() as path:
            for batch in content.batches(self.batch_rows):
                if local and not any(values.null_count for values in batch.columns):
                    write_batch(path, batch)
                    self._load_file(load_data(path, table, names))
                else:
                    for statement in inserts(batch, table, names):
                        self.run(statement)
                progress(batch.num_rows)

    def _load_file(self, statement: str) -> None:
        try:
            self.run(statement)
        except AttributeError:
            lost = True  # PyMySQL stumbles over its own closed socket
        else:
            lost = False
        if lost:
            raise DatabaseError(
                f"{self.target}: the connection was lost while rows were sent. The table is as it "
                f"was. Run again when the server answers."
            )
        # A local file turns errors into warnings, even in strict mode.
        warning = self.connection.exec_driver_sql("SHOW WARNINGS").first()
        if warning is not None:
            raise DatabaseError(f"{self.target}: {warning[-1]}. Nothing was changed.")

    # --- taking the place -----------------------------------------------------------------

    def replace(self, plan: Plan, stage: sa.Table) -> None:
        """Replace the rows; a swap waits for ``commit``, after the ledger row."""
        if self._swap is None:
            refill(self, plan, stage)

    def commit(self) -> None:
        """Commit, then swap, where the swap is what readers see."""
        super().commit()
        if self._swap is None:
            return
        (new, old), table = self._swap, self._named(self.target.name)
        moves = [] if old is None else [f"{table} TO {self.quoted(old)}"]
        try:
            self.run(f"RENAME TABLE {', '.join([*moves, f'{self.quoted(new)} TO {table}'])}")
        except self.driver_errors() as error:
            if self.verdict(error) != LOST:
                self._forget(new.name)
            raise
        if old is not None:
            with suppress(*self.driver_errors()):
                self.run(f"DROP TABLE {self.quoted(old)}")

    def _named(self, name: str) -> str:
        return f"{self.quote(str(self.schema))}.{self.quote(name)}"

    def _names(self, beginning: str) -> list[str]:
        values = {"schema": self.schema, "text": beginning}
        return [str(row[0]) for row in self.connection.execute(sa.text(_BEGINNING), values)]

    def _asked_of_table(self, query: str) -> Any:
        return self._ask(query, schema=self.schema, name=self.target.name)

    def _ask(self, query: str, **values: Any) -> Any:
        return self.connection.execute(sa.text(query), values).scalar()

    # --- errors ---------------------------------------------------------------------------

    def driver_errors(self) -> tuple[type[Exception], ...]:
        """Errors of statements run as they stand."""
        import pymysql  # noqa: PLC0415 - an optional dependency

        return (pymysql.Error,)

    def verdict(self, error: BaseException) -> str | None:
        """By error number."""
        number = error.args[0] if error.args else None
        return _VERDICTS.get(number) if isinstance(number, int) else None
