"""Which class writes which database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement_cli.sinks.sql.duckdb import DuckDb
from engagement_cli.sinks.sql.mysql import MySql
from engagement_cli.sinks.sql.postgres import Postgres
from engagement_cli.sinks.sql.sqlite import Sqlite

if TYPE_CHECKING:
    from engagement_cli.sinks.sql.database import Database
    from engagement_cli.sinks.sql.target import SqlTarget

_DATABASES: dict[str, type[Database]] = {
    "postgresql": Postgres,
    "mysql": MySql,
    "mariadb": MySql,
    "sqlite": Sqlite,
    "duckdb": DuckDb,
}


def database_for(target: SqlTarget) -> Database:
    """The database of a target, not connected yet."""
    return _DATABASES[target.url.dialect](target)
