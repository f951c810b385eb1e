"""How MySQL and MariaDB name, type and compare what is loaded."""

from __future__ import annotations

import unicodedata
from dataclasses import replace as altered
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from engagement_cli.errors import UsageError
from engagement_cli.sinks.sql.content import Kind
from engagement_cli.sinks.sql.database import Database

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import ReflectedColumn
    from sqlalchemy.types import TypeEngine

    from engagement_cli.sinks.sql.content import Column, Content
    from engagement_cli.sinks.sql.plan import Existing

_NAME_SIGNS = 64
_REAL_SIGNS = 32
_LAST_OF_PLANE = "\uffff"
_KEY_BYTES = 3072
_WIDTHS = (32, 64, 128, 255, 512, 768)
_EXACT = {"mariadb": "utf8mb4_nopad_bin", "mysql": "utf8mb4_0900_bin"}
"""Collations in which no two texts are equal, not even but for a space at the end."""


class MySqlNames(Database):
    """Names, types and collations."""

    taken = frozenset({"db_row_id", "db_trx_id", "db_roll_ptr"})

    def fold(self, name: str) -> str:
        """Column names are compared without regard to case and accents."""
        plain = unicodedata.normalize("NFKD", name.casefold())
        return "".join(sign for sign in plain if not unicodedata.combining(sign))

    def name_fault(self, name: str) -> str | None:
        """Names are short, of the basic plane, and do not end in a space."""
        if not name or name != name.rstrip() or "\0" in name or max(name) > _LAST_OF_PLANE:
            return f"{name!r} is no name: it is empty, ends in a space, or holds an emoji"
        if len(name) > _NAME_SIGNS:
            return f"{name!r} has {len(name)} characters, and {_NAME_SIGNS} are the most"
        return None

    def check_content(self, content: Content) -> None:
        """Refuse keys that are longer than an index can hold."""
        keys = [column for column in content.columns if column.key]
        if sum(4 * _width(c) if c.kind is Kind.TEXT else 8 for c in keys) > _KEY_BYTES:
            longest = max(keys, key=lambda column: column.width)
            raise UsageError(
                f"{self.target}: the longest {longest.name} has {longest.width:,} characters, and "
                f"an index here holds {_KEY_BYTES // 4}. Look at it, or load into PostgreSQL or "
                f"SQLite."
            )

    def text_type(self, column: Column) -> TypeEngine[Any]:
        """Sized for what is there, and in a collation in which different texts differ."""
        if column.width > _WIDTHS[-1]:
            return mysql.LONGTEXT(charset="utf8mb4", collation=self._collation)
        return mysql.VARCHAR(_width(column), charset="utf8mb4", collation=self._collation)

    @property
    def _collation(self) -> str:
        """By the server once there is one: ``mysql://`` may lead to a MariaDB."""
        if not hasattr(self, "connection"):
            return _EXACT[self.target.url.dialect]
        return _EXACT["mariadb" if "mariadb" in str(self._version).lower() else "mysql"]

    @property
    def _version(self) -> Any:
        return self.connection.connection.driver_connection.get_server_info()  # type: ignore[union-attr] # PyMySQL's

    def misfit(self, column: Column, existing: ReflectedColumn) -> bool:
        """Also a key in which different contracts are equal."""
        if super().misfit(column, existing):
            return True
        length = getattr(existing["type"], "length", None)
        exact = getattr(existing["type"], "collation", None) in _EXACT.values()
        return column.kind is Kind.TEXT and column.key and not (exact and length)

    def exact(self, values: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """In another collation than the column's, which may ignore case and accents."""
        return sa.cast(values, mysql.CHAR(charset="utf8mb4")).collate(self._collation)

    def shown(self, values: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
        """A floating number with room for its exponent, which MariaDB would cut off."""
        return sa.cast(values, mysql.CHAR(_REAL_SIGNS)) if kind is Kind.REAL else values

    def alter_type(self, table: sa.Table, column: Column) -> str:
        """MODIFY, with NOT NULL for a key."""
        null = "" if column.nullable else " NOT NULL"
        return f"ALTER TABLE {self.quoted(table)} MODIFY {self.specification(column)}{null}"

    def look(self) -> Existing | None:
        """As everywhere; SQLAlchemy reads names out of a statement and leaves backticks doubled."""
        there = super().look()
        if there is None:
            return None
        names = (column["name"].replace("``", "`") for column in there.columns)
        renamed = zip(there.columns, names, strict=True)
        return altered(there, columns=tuple({**c, "name": name} for c, name in renamed))


def _width(column: Column) -> int:
    """Room for the longest text, and for a somewhat longer one next month."""
    return next((width for width in _WIDTHS if width >= column.width), column.width)
