"""From staged rows to the table's rows: the statements that every database shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engagement_cli.errors import ConflictError
from engagement_cli.sinks.sql.sums import sum_back

if TYPE_CHECKING:
    from engagement_cli.sinks.sql.database import Database
    from engagement_cli.sinks.sql.plan import Plan

_ALTERED = (
    "Look for triggers and for the types of its columns, or load into a new --table. "
    "Nothing was changed."
)


def refill(database: Database, plan: Plan, stage: sa.Table) -> None:
    """Put the staged rows in the place of the table's rows, inside the table.

    Raises:
        ConflictError: The table changes what is written into it.
    """
    database.connection.execute(plan.table.delete())
    for column in plan.lacking:
        database.run(database.alter_add(plan.table, column))
    database.copy(stage, plan.table)
    if sum_back(database, plan.table, plan.content.columns) != plan.content.controls:
        raise ConflictError(
            f"{database.target}: the table does not hold what is written into it. {_ALTERED}"
        )


def merge(database: Database, plan: Plan, stage: sa.Table) -> tuple[int, int, int]:
    """Bring the table to the staged totals, touching only rows that differ.

    Returns:
        Rows changed, rows added, and rows that the result does not have, which are deleted
        where the target says so.
    """
    table, columns = plan.table, plan.content.columns
    same = sa.and_(*(table.c[c.name] == stage.c[c.name] for c in columns if c.key))
    changed = 0
    if values := [c.name for c in columns if not c.key]:
        differs = sa.or_(*(table.c[v].is_distinct_from(stage.c[v]) for v in values))
        update = sa.update(table).values({table.c[v]: stage.c[v] for v in values})
        changed = database.count(update.where(same, differs))
    fresh = sa.select(stage).where(~_some(table, same, within=stage))
    added = database.count(sa.insert(table).from_select([c.name for c in columns], fresh))
    orphan = ~_some(stage, same, within=table)
    if database.target.prune:
        return changed, added, database.count(sa.delete(table).where(orphan))
    query = sa.select(sa.func.count()).select_from(table).where(orphan)
    return changed, added, int(database.connection.execute(query).scalar_one())


def check(database: Database, plan: Plan, stage: sa.Table) -> None:
    """Make sure that the table holds every staged row exactly as staged.

    Raises:
        ConflictError: It does not.
    """
    table = plan.table
    equal = sa.and_(
        *(
            table.c[c.name] == stage.c[c.name]
            if c.key
            else table.c[c.name].is_not_distinct_from(stage.c[c.name])
            for c in plan.content.columns
        )
    )
    query = sa.select(sa.func.count()).select_from(stage)
    astray = database.connection.execute(query.where(~_some(table, equal, within=stage)))
    if rows := astray.scalar_one():
        raise ConflictError(
            f"{database.target}: {rows:,} rows would not be in the table as they were written. "
            f"{_ALTERED}"
        )


def _some(table: sa.Table, where: sa.ColumnElement[Any], *, within: sa.Table) -> sa.Exists:
    """Whether ``table`` has a row for the row of ``within``, the table of the outer query."""
    rows: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(table).where(where)
    return sa.exists(rows.correlate(within))
