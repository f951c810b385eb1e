"""What a load needs of a database.

A subclass says what its database is called, how rows get in fastest, how a table takes another's
place, and what its errors mean. The order of the steps is ``load``'s.
"""

from __future__ import annotations

import importlib
from abc import abstractmethod
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from engagement_cli.errors import DatabaseError, UsageError
from engagement_cli.sinks.sql import reflect
from engagement_cli.sinks.sql.ledger import LEDGER, ledger_table
from engagement_cli.sinks.sql.naming import Naming

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import pyarrow as pa

    from engagement_cli.sinks.sql.content import Content, Kind
    from engagement_cli.sinks.sql.plan import Existing, Part, Plan, Reference


BUSY, DENIED, FULL, HIDDEN, LOST = "busy", "denied", "full", "hidden", "lost"
"""What an error can mean: a lock not had in time, a right or room missing, rows that a policy keeps
from the role, a connection cut."""


class Database(Naming):
    """A database that a result can be loaded into.

    Attributes:
        connection: The one connection of the load, in a transaction.
    """

    module: ClassVar[str]
    """The module of the driver."""
    install: ClassVar[str] = ""
    """The line that installs the driver."""
    batch_rows: ClassVar[int] = 65_536
    """Rows handed to the driver at once."""
    connection: sa.Connection

    # --- connection -----------------------------------------------------------------------

    def require_driver(self) -> None:
        """Refuse before any work when the driver is not installed.

        Raises:
            UsageError: With the line that installs it.
        """
        try:
            importlib.import_module(self.module)
        except ImportError:
            missing = True
        else:
            missing = False
        if missing:
            raise UsageError(
                f"{self.target.url.dialect}: the driver {self.module} is not installed. "
                f"Run: {self.install}"
            )

    def reach(self) -> None:
        """Be connected for a moment."""
        with self.session():
            pass

    def _reach_folder(self) -> None:
        """A database that is a file is left alone before its time: only its folder is looked at.

        Raises:
            DatabaseError: There is no such folder.
        """
        folder = Path(self.target.url.database or "").resolve().parent
        if not self.query().get("uri") and not folder.is_dir():
            raise DatabaseError(f"{self.target}: its folder does not exist. Create it first.")

    @contextmanager
    def session(self) -> Iterator[None]:
        """Be connected, in a transaction that is rolled back unless it is committed."""
        self.connection = self._connected()
        try:
            self.begin()
            yield
        except Exception:
            self.abandon()
            raise
        except BaseException:
            # An interrupt: the answer to a statement may still be on its way, so nothing more can
            # be said on this connection.
            self.connection.invalidate()
            raise
        finally:
            self.connection.close()

    def _connected(self) -> sa.Connection:
        try:
            return self._engine().connect()
        except UnicodeError:
            # Its text shows signs of what could not be encoded, which may be the password.
            fault = "a sign in it cannot be sent"
        except (TypeError, ValueError, RuntimeError) as error:
            fault = self.target.url.scrub(str(error))
        raise UsageError(f"{self.target}: the driver does not take the URL: {fault}")

    def _engine(self) -> sa.Engine:
        engine = sa.create_engine(
            self.url, poolclass=NullPool, connect_args=self.connect_args(), hide_parameters=True
        )
        self.prepare(engine)
        return engine

    def connect_args(self) -> dict[str, Any]:
        """Arguments for the driver besides the URL."""
        return {}

    def prepare(self, engine: sa.Engine) -> None:
        """Attach to the engine what must happen at each connection."""

    @abstractmethod
    def begin(self) -> None:
        """Begin, bound every wait, and find the schema."""

    @abstractmethod
    def lock(self, name: str) -> None:
        """Wait until no other load holds ``name``, and hold it to the end of the session."""

    def commit(self) -> None:
        """Make the load durable and visible."""
        self.connection.commit()

    def sweep(self) -> None:
        """Clear what dead loads of this table left."""

    def abandon(self) -> None:
        """Clear at once what this load leaves, as far as the connection still allows."""

    # --- looking --------------------------------------------------------------------------

    @cached_property
    def ledger(self) -> sa.Table:
        """The ledger beside the table; not to be asked for before the schema is known."""
        return ledger_table(self.schema)

    def has_ledger(self) -> bool:
        """Whether there is a ledger beside the table."""
        return sa.inspect(self.connection).has_table(LEDGER, schema=self.schema)

    def create_ledger(self) -> None:
        """Make the ledger where it is missing."""
        if not self.has_ledger():
            self.lock(LEDGER)
            self.ledger.create(self.connection, checkfirst=True)

    def look(self) -> Existing | None:
        """What stands in the target's place."""
        return reflect.look(self.connection, self.target.name, self.schema)

    def integer_sum(self, values: sa.Column[Any], bits: int) -> list[Part]:  # noqa: ARG002 - most sum without bounds
        """Aggregates that add to the exact sum, which takes so many bits at the most."""
        return [(sa.func.sum(values), 0)]

    def characters(self, values: sa.Column[Any]) -> sa.ColumnElement[int]:
        """The length of a text in characters."""
        return sa.func.char_length(values)

    @abstractmethod
    def read_back(self, table: sa.Table, content: Content) -> Generator[pa.Table]:
        """The rows of a table as they stand there, in the types of a result, part by part.

        Each part has the keys of the next so many rows of ``content.ordered()``, unless the table
        does not hold the result.

        Raises:
            pa.ArrowInvalid: A value is not of its column's kind.
        """

    def ordered(self, key: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """A text of the key such that it is compared by code points."""
        return key

    def octets(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A text as its bytes in UTF-8."""
        return sa.cast(text, sa.LargeBinary)

    def size(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The length of a text in bytes of UTF-8."""
        return sa.func.length(self.octets(text))

    def shown(self, values: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:  # noqa: ARG002 - most need no help
        """Values such that each becomes a text of its own."""
        return values

    # --- writing --------------------------------------------------------------------------

    @abstractmethod
    def stage(self, plan: Plan, token: str) -> sa.Table:
        """Make the table that the rows are loaded into first."""

    @abstractmethod
    def fill(self, stage: sa.Table, content: Content, progress: Callable[[int], None]) -> None:
        """Load the rows into the staging table, telling ``progress`` the rows of each batch."""

    @abstractmethod
    def replace(self, plan: Plan, stage: sa.Table) -> None:
        """Let the staged rows take the place of all rows."""

    def references(self) -> tuple[Reference, ...]:
        """The foreign keys that lead to the table, where the database minds them."""
        return ()

    def before_merge(self, plan: Plan, stage: sa.Table) -> None:
        """Keep other writers out of the table, which is about to be merged into."""

    def locked(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """A query whose answer nobody can change before the commit."""
        return query

    def make_fit(self, plan: Plan, table: sa.Table) -> None:
        """Give a table the columns and the types that the result needs."""
        for column in plan.refit:
            self.run(self.alter_type(table, column))
            plan.notes.append(f"{column.name} got a type that holds the result exactly")
        for column in plan.lacking:
            self.run(self.alter_add(table, column))

    def copy(self, stage: sa.Table, table: sa.Table) -> int:
        """Add every staged row to the table; gives their number."""
        names = [column.name for column in stage.columns]
        return self.count(sa.insert(table).from_select(names, sa.select(stage)))

    def count(self, statement: sa.Insert | sa.Update | sa.Delete) -> int:
        """Run a statement and give the number of rows it touched."""
        counted = statement.execution_options(preserve_rowcount=True)
        return int(self.connection.execute(counted).rowcount)

    def run(self, statement: str) -> None:
        """Run a statement as it stands: names are quoted, and no sign in it is a placeholder."""
        self.connection.connection.cursor().execute(statement)

    # --- errors ---------------------------------------------------------------------------

    @abstractmethod
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """The root of the driver's errors, for statements that do not go through SQLAlchemy."""

    @abstractmethod
    def verdict(self, error: BaseException) -> str | None:
        """Which of the five an error means; None for others."""
