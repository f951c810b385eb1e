"""What a table, its columns and their types are called in a database; nothing connects here."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import quoted_name

from engagement_cli.errors import UsageError
from engagement_cli.sinks.sql import capacity
from engagement_cli.sinks.sql.content import Kind
from engagement_cli.sinks.sql.ledger import ledger_table
from engagement_cli.sinks.sql.target import OWN_PREFIX
from engagement_cli.sinks.sql.url import DRIVERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine.default import DefaultDialect
    from sqlalchemy.engine.interfaces import ReflectedColumn
    from sqlalchemy.types import TypeEngine

    from engagement_cli.sinks.sql.content import Column, Content
    from engagement_cli.sinks.sql.target import SqlTarget

_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.INTEGER: sa.BigInteger(),
    Kind.REAL: sa.Double(),
    Kind.DATE: sa.Date(),
    Kind.BOOLEAN: sa.Boolean(),
}


class Naming(ABC):
    """How a database names and types what is loaded.

    Attributes:
        target: The table.
        schema: Where the table stands; once connected, None only where there are no schemas.
    """

    options: ClassVar[dict[str, Any]] = {}
    """SQLAlchemy's options of a new table."""
    taken: ClassVar[frozenset[str]] = frozenset()
    """Columns that every table has without being asked, folded."""

    def __init__(self, target: SqlTarget) -> None:
        self.target = target
        self.schema = target.schema

    def query(self) -> dict[str, str]:
        """The URL's options, for the driver."""
        return dict(self.target.url.query)

    @cached_property
    def url(self) -> sa.URL:
        """The URL with its driver, as SQLAlchemy takes it."""
        url = self.target.url
        driver = DRIVERS[url.dialect]
        return sa.URL.create(
            f"{url.dialect}+{driver}" if driver else url.dialect,
            username=url.username,
            password=url.password,
            host=url.host,
            port=url.port,
            database=url.database,
            query=self.query(),
        )

    def fold(self, name: str) -> str:
        """The form in which two names mean the same column."""
        return name

    @abstractmethod
    def name_fault(self, name: str) -> str | None:
        """Why the database cannot have a table or a column of this name, or None."""

    def check_names(self, columns: list[str]) -> None:
        """Refuse names that the database would cut, merge or reject.

        Raises:
            UsageError: Naming each.
        """
        if fault := self.name_fault(self.target.name):
            raise UsageError(
                f"--table {self.target.table}: {self.target.url.dialect} cannot have it: {fault}. "
                f"Give another name."
            )
        faults = [fault for name in columns if (fault := self.name_fault(name))]
        faults += [
            f"{name!r} is a column of its own" for name in columns if self.fold(name) in self.taken
        ]
        folds = Counter(map(self.fold, columns))
        if same := [repr(name) for name in columns if folds[self.fold(name)] > 1]:
            faults.append(f"to it, the columns {', '.join(same)} have the same name")
        if faults:
            raise UsageError(
                f"{self.target}: {self.target.url.dialect} cannot have this table: "
                f"{'; '.join(faults)}. Rename them in the category table."
            )

    def check_content(self, content: Content) -> None:  # noqa: B027 - most hold anything
        """Refuse, before any work, content that the database cannot hold."""

    @abstractmethod
    def text_type(self, column: Column) -> TypeEngine[Any]:
        """The type of a text column."""

    def misfit(self, column: Column, existing: ReflectedColumn) -> bool:
        """Whether the table's column is of the right kind, and still cannot hold the result."""
        return not capacity.holds(column, existing["type"])

    def exact(self, values: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """A text such that no two are equal but those that are so to the byte."""
        return values

    def describe(
        self, columns: Iterable[Column], name: str, schema: str | None, **options: Any
    ) -> sa.Table:
        """Describe a table of these columns; every name is quoted."""
        return sa.Table(
            quoted_name(name, quote=True),
            sa.MetaData(),
            *(self._described(column) for column in columns),
            schema=None if schema is None else quoted_name(schema, quote=True),
            **options,
        )

    def _described(self, column: Column) -> sa.Column[Any]:
        return sa.Column(
            quoted_name(column.name, quote=True),
            self._type(column),
            primary_key=column.key,
            nullable=column.nullable,
            autoincrement=False,
        )

    def _type(self, column: Column) -> TypeEngine[Any]:
        return self.text_type(column) if column.kind is Kind.TEXT else _TYPES[column.kind]

    @cached_property
    def dialect(self) -> sa.Dialect:
        """The dialect for text that no driver reads: no sign in it is a placeholder."""
        return cast("type[DefaultDialect]", self.url.get_dialect())(paramstyle="named")

    def quote(self, name: str) -> str:
        """A name as SQL, always quoted."""
        return self.dialect.identifier_preparer.quote_identifier(name)

    def quoted(self, table: sa.Table) -> str:
        """A table's name as SQL, with its schema."""
        return ".".join(self.quote(part) for part in (table.schema, table.name) if part)

    def specification(self, column: Column) -> str:
        """Name and type of a column as SQL, without ``NOT NULL``: the table may have rows."""
        return f"{self.quote(column.name)} {self._type(column).compile(dialect=self.dialect)}"

    def alter_add(self, table: sa.Table, column: Column) -> str:
        """The statement that adds a column."""
        return f"ALTER TABLE {self.quoted(table)} ADD COLUMN {self.specification(column)}"

    def alter_key(self, table: sa.Table, key: Iterable[str]) -> str:
        """The statement that adds the primary key."""
        names = ", ".join(map(self.quote, key))
        return f"ALTER TABLE {self.quoted(table)} ADD PRIMARY KEY ({names})"

    def alter_type(self, table: sa.Table, column: Column) -> str:
        """The statement that gives a misfit the type that the result needs."""
        raise NotImplementedError

    def ddl(self, content: Content) -> str:
        """The statements that make the table and its ledger."""
        table = self.describe(content.columns, self.target.name, self.schema, **self.options)
        statements = (CreateTable(t) for t in (table, ledger_table(self.schema)))
        return "\n".join(f"{str(s.compile(dialect=self.dialect)).strip()};\n" for s in statements)

    def stage_name(self, token: str) -> str:
        """A name for the staging table of a load: short, whatever the target's name."""
        return f"{self.own_prefix}{token}_new"

    @cached_property
    def own_prefix(self) -> str:
        """How the names of this target's passing tables begin."""
        mark = hashlib.blake2b(self.target.name.encode(), digest_size=4).hexdigest()
        return f"{OWN_PREFIX}{mark}_"
