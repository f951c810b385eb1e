"""From staged rows to the table's rows: the statements that every database shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from engagement_cli.errors import ConflictError
from engagement_cli.sinks.sql.content import Kind
from engagement_cli.sinks.sql.sums import sum_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engagement_cli.sinks.sql.content import Column
    from engagement_cli.sinks.sql.database import Database
    from engagement_cli.sinks.sql.plan import Plan, Reference

_ALTERED = (
    "Look for triggers and for the types of its columns, or load into a new --table. "
    "Nothing was changed."
)


def refill(database: Database, plan: Plan, stage: sa.Table) -> None:
    """Put the staged rows in the place of the table's rows, inside the table.

    Raises:
        ConflictError: The table changes what is written into it.
    """
    database.make_fit(plan, plan.table)
    database.connection.execute(plan.table.delete())
    database.copy(stage, plan.table)
    verify(database, plan)


def verify(database: Database, plan: Plan) -> None:
    """Make sure that the table sums up to the result.

    Raises:
        ConflictError: It does not.
    """
    if sum_back(database, plan.table, plan.content) != plan.content.controls:
        raise ConflictError(
            f"{database.target}: the table does not hold what is written into it. {_ALTERED}"
        )


def merge(database: Database, plan: Plan, stage: sa.Table, *, prune: bool) -> tuple[int, int, int]:
    """Bring the table to the staged totals, touching only rows that differ.

    Returns:
        Rows changed, rows added, and rows that the result does not have, which ``prune`` deletes.

    Raises:
        ConflictError: Rows of other tables refer to rows that would be deleted.
    """
    table, columns = plan.table, plan.content.columns
    same = _same(plan, stage)
    if prune:
        _refuse_orphans(database, plan, stage)
    changed = 0
    if values := [c for c in columns if not c.key]:
        differs = sa.or_(*(~_equal(database, c, table, stage) for c in values))
        update = sa.update(table).values({table.c[c.name]: stage.c[c.name] for c in values})
        changed = database.count(update.where(same, differs))
    fresh = sa.select(stage).where(~_some(table, same, within=stage))
    added = database.count(sa.insert(table).from_select([c.name for c in columns], fresh))
    orphan = ~_some(stage, same, within=table)
    if prune:
        return changed, added, database.count(sa.delete(table).where(orphan))
    query = sa.select(sa.func.count()).select_from(table).where(orphan)
    return changed, added, int(database.connection.execute(query).scalar_one())


def check(database: Database, plan: Plan, stage: sa.Table) -> None:
    """Make sure that the table holds every staged row exactly as staged.

    Raises:
        ConflictError: It does not.
    """
    if rows := _astray(database, plan, stage):
        raise ConflictError(
            f"{database.target}: {rows:,} rows would not be in the table as they were written. "
            f"{_ALTERED}"
        )


def _astray(database: Database, plan: Plan, stage: sa.Table) -> int:
    """How many staged rows the table does not hold exactly as staged."""
    values = (c for c in plan.content.columns if not c.key)
    equal = (_equal(database, column, plan.table, stage) for column in values)
    there = _some(plan.table, sa.and_(_same(plan, stage), *equal), within=stage)
    query = sa.select(sa.func.count()).select_from(stage).where(~there)
    return int(database.connection.execute(query).scalar_one())


def _same(plan: Plan, stage: sa.Table) -> sa.ColumnElement[bool]:
    """Of the same key; ``misfit`` has seen to it that keys are equal only to the byte."""
    keys = (column.name for column in plan.content.columns if column.key)
    return sa.and_(*(plan.table.c[name] == stage.c[name] for name in keys))


def _equal(
    database: Database, column: Column, table: sa.Table, stage: sa.Table
) -> sa.ColumnElement[bool]:
    one, other = table.c[column.name], stage.c[column.name]
    if column.kind is Kind.TEXT:
        return database.exact(one).is_not_distinct_from(database.exact(other))
    return one.is_not_distinct_from(other)


def _refuse_orphans(database: Database, plan: Plan, stage: sa.Table) -> None:
    """Rows of other tables are never deleted, emptied or left behind by way of a foreign key."""
    for reference in plan.references:
        query = database.locked(_referring(plan, stage, reference))
        if rows := int(database.connection.execute(query).scalar_one()):
            raise ConflictError(
                f"{database.target}: {rows:,} rows of {reference.table} refer by {reference.name} "
                f"to rows that the result does not have. Nothing was changed: delete or change "
                f"those first, or keep what they refer to by --if-exists upsert without --prune."
            )


def _referring(plan: Plan, stage: sa.Table, reference: Reference) -> sa.Select[Any]:
    """Counts the rows that refer to rows of the table which the result does not have."""
    there, here = zip(*reference.columns, strict=True)
    other = _table(reference.table, reference.schema, there).alias("referring")
    ours = _table(plan.table.name, plan.table.schema, {*here, *plan.content.key}).alias("referred")
    refers = sa.and_(*(other.c[a] == ours.c[b] for a, b in reference.columns))
    kept = sa.and_(*(ours.c[name] == stage.c[name] for name in plan.content.key))
    query = sa.select(sa.func.count()).select_from(other.join(ours, refers))
    return query.where(~_some(stage, kept, within=ours))


def _table(name: str, schema: str | None, columns: Iterable[str]) -> sa.TableClause:
    """A table as far as a query needs it; every name is quoted."""
    names = (quoted_name(column, quote=True) for column in sorted(columns))
    quoted: Iterator[sa.ColumnClause[Any]] = (sa.column(column) for column in names)
    place = None if schema is None else quoted_name(schema, quote=True)
    return sa.table(quoted_name(name, quote=True), *quoted, schema=place)


def _some(table: sa.Table, where: sa.ColumnElement[Any], *, within: sa.FromClause) -> sa.Exists:
    """Whether ``table`` has a row for the row of ``within``, the table of the outer query."""
    rows: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(table).where(where)
    return sa.exists(rows.correlate(within))
