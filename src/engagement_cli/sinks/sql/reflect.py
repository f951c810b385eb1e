"""Looking at the table that stands in the target's place."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engagement_cli.errors import UsageError
from engagement_cli.sinks.sql.plan import Existing

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import ReflectedIndex


def look(connection: sa.Connection, name: str, schema: str | None) -> Existing | None:
    """Columns and keys of a table, or None when there is none.

    Raises:
        UsageError: A view is there.
    """
    with warnings.catch_warnings():
        # Columns of types that SQLAlchemy does not know are nothing to warn of: they are compared.
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        return _look(connection, name, schema)


def _look(connection: sa.Connection, name: str, schema: str | None) -> Existing | None:
    inspector = sa.inspect(connection)
    if not inspector.has_table(name, schema=schema):
        return None
    if name in inspector.get_view_names(schema=schema):
        raise UsageError(f"{name} is a view. Give --table the name of a table.")
    key = inspector.get_pk_constraint(name, schema=schema)["constrained_columns"]
    indexes = inspector.get_indexes(name, schema=schema)
    constraints = inspector.get_unique_constraints(name, schema=schema)
    unique = [frozenset(key)] if key else []
    unique += [_columns(index) for index in indexes if _is_unique(index)]
    unique += [frozenset(constraint["column_names"]) for constraint in constraints]
    columns = inspector.get_columns(name, schema=schema)
    return Existing(tuple(columns), tuple(key), tuple(unique))


def _columns(index: ReflectedIndex) -> frozenset[str]:
    return frozenset(name for name in index["column_names"] if name is not None)


def _is_unique(index: ReflectedIndex) -> bool:
    """Whether an index keeps its bare columns unique: no expressions, no condition."""
    partial = any(option.endswith("_where") for option in index.get("dialect_options", {}))
    return bool(index["unique"]) and None not in index["column_names"] and not partial
