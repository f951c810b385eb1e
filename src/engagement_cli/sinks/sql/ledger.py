"""The load ledger: one row for each load, committed with the rows it speaks of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from engagement_cli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from engagement_cli.sinks.sql.content import Content

LEDGER = "_engagement_loads"
"""Name of the ledger; it stands in the schema of the tables it speaks of."""


class WholeNumber(sa.types.UserDefinedType[int]):
    """An integer of up to 38 digits: the sum of a column may pass 64 bits."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type as SQL."""
        return "NUMERIC(38, 0)"

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[int | None], str] | None:
        """What the driver is given: SQLite's refuses such an integer, and takes its digits."""
        return str if dialect.name == "sqlite" else None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one load writes into the ledger.

    Attributes:
        target: Bare name of the table.
        token: Random name of this load; finding it means that the load was committed.
        mode: ``replace``, ``upsert``, ``append`` or ``fail``.
        since: First day of the range, or None.
        until: Last day of the range, or None.
    """

    target: str
    token: str
    mode: str
    since: dt.date | None
    until: dt.date | None


def ledger_table(schema: str | None) -> sa.Table:
    """Describe the ledger of a schema."""
    text = sa.Text().with_variant(mysql.VARCHAR(255, collation="utf8mb4_bin"), "mysql", "mariadb")
    return sa.Table(
        LEDGER,
        sa.MetaData(),
        sa.Column("target", text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("token", text, nullable=False),
        sa.Column("mode", text, nullable=False),
        sa.Column("digest", text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("seconds", WholeNumber, nullable=False),
        sa.Column("since", sa.Date),
        sa.Column("until", sa.Date),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", text, nullable=False),
        schema=schema,
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )


def last_digest(connection: sa.Connection, ledger: sa.Table, target: str) -> str | None:
    """The digest of the last load of a table, or None when it was never loaded."""
    query = (
        sa.select(ledger.c.digest)
        .where(ledger.c.target == target)
        .order_by(ledger.c.number.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def holds(connection: sa.Connection, ledger: sa.Table, token: str) -> bool:
    """Whether the load of this token was committed."""
    query = sa.select(ledger.c.token).where(ledger.c.token == token)
    return connection.execute(query).first() is not None


def record(connection: sa.Connection, ledger: sa.Table, entry: Entry, content: Content) -> None:
    """Add a load; the caller holds the table's lock, so that numbers follow each other."""
    last = sa.select(sa.func.max(ledger.c.number)).where(ledger.c.target == entry.target)
    row: dict[str, Any] = {
        "target": entry.target,
        "number": (connection.execute(last).scalar() or 0) + 1,
        "token": entry.token,
        "mode": entry.mode,
        "digest": content.digest,
        "rows": content.rows,
        "seconds": content.seconds,
        "since": entry.since,
        "until": entry.until,
        "loaded_at": dt.datetime.now(dt.UTC),
        "version": __version__,
    }
    connection.execute(ledger.insert(), row)
