"""What a load found in the target's place, and what it is about to do there."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine.interfaces import ReflectedColumn

    from engagement_cli.sinks.sql.content import Column, Content


Part = tuple[sa.ColumnElement[Any], int]
"""An aggregate of a column, and the bits its value is shifted by before parts are added."""


@dataclass(frozen=True, slots=True)
class Existing:
    """The table that stands in the target's place.

    Attributes:
        columns: As reflected, in order.
        primary_key: Names of the key columns; empty without a primary key.
        unique: The sets of columns that the table keeps unique, the primary key among them.
    """

    columns: tuple[ReflectedColumn, ...]
    primary_key: tuple[str, ...]
    unique: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key that leads to the table.

    Attributes:
        name: Of the constraint.
        schema: Where the table that has it stands.
        table: The table that has it.
        columns: Its columns there, each with the column of our table that it leads to.
    """

    name: str
    schema: str
    table: str
    columns: tuple[tuple[str, str], ...]


def as_references(rows: Iterable[Sequence[Any]]) -> tuple[Reference, ...]:
    """From rows of constraint, schema, table, column there and column here."""
    places = groupby(rows, lambda row: (str(row[0]), str(row[1]), str(row[2])))
    return tuple(
        Reference(*place, tuple((str(row[3]), str(row[4])) for row in columns))
        for place, columns in places
    )


@dataclass(slots=True)
class Plan:
    """What a load is about to do to a table.

    Attributes:
        content: The rows.
        table: The target, described with the columns of the result.
        existing: What stands there now, or None.
        lacking: Columns that the table does not have yet.
        refit: Columns whose type in the table cannot hold the result.
        references: Foreign keys of other tables that lead to this one.
        notes: What the report will say besides numbers.
    """

    content: Content
    table: sa.Table
    existing: Existing | None
    lacking: tuple[Column, ...] = ()
    refit: tuple[Column, ...] = ()
    references: tuple[Reference, ...] = ()
    notes: list[str] = field(default_factory=list)
