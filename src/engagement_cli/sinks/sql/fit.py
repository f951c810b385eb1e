"""Whether a result fits the table that is there, and what must be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engagement_cli.errors import ConflictError
from engagement_cli.sinks.sql.content import SINCE, UNTIL, Kind
from engagement_cli.sinks.sql.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine.interfaces import ReflectedColumn

    from engagement_cli.sinks.sql.content import Column, Content
    from engagement_cli.sinks.sql.database import Database
    from engagement_cli.sinks.sql.plan import Existing

_FAMILIES: dict[Kind, tuple[type[Any], ...]] = {
    Kind.TEXT: (sa.String,),
    Kind.INTEGER: (sa.Integer, sa.Numeric),
    Kind.REAL: (sa.Numeric, sa.Float),
    Kind.DATE: (sa.Date,),
    Kind.BOOLEAN: (sa.Boolean, sa.Integer),
}


def plan_for(database: Database, content: Content) -> Plan:
    """Compare the result with the table.

    Raises:
        ConflictError: The table is there and must not be (``fail``), holds rows of this range
            (``append``), or has columns that do not fit.
    """
    existing = database.look()
    mode = database.target.if_exists
    table = database.describe(
        content.columns, database.target.name, database.schema, **database.options
    )
    plan = Plan(content, table, existing)
    if existing is None:
        return plan
    if mode == "fail":
        raise ConflictError(
            f"{database.target} is there already. Choose another --table or another --if-exists."
        )
    plan.references = database.references()
    _refuse_references(database, plan)
    _compare(database, plan, existing)
    if mode == "replace":
        _note_key(plan, existing)
        return plan
    _refuse_changes(database, plan, existing)
    if mode == "append":
        _refuse_range(database, plan)
    return plan


def _refuse_references(database: Database, plan: Plan) -> None:
    """A foreign key to a column that loads change would carry the change into other tables."""
    values = {database.fold(c.name) for c in plan.content.columns if not c.key}
    led = [r for r in plan.references if values & {database.fold(here) for _, here in r.columns}]
    if led and database.target.if_exists != "append":
        raise ConflictError(
            f"{database.target}: {led[0].table} refers by {led[0].name} to a column that loads "
            f"change. Let it refer to the key, or load into a new --table. Nothing was changed."
        )


def _compare(database: Database, plan: Plan, existing: Existing) -> None:
    """Sort columns into those that lack, those to refit, and those that are not ours."""
    there = {database.fold(column["name"]): column for column in existing.columns}
    columns = plan.content.columns
    plan.lacking = tuple(c for c in columns if database.fold(c.name) not in there)
    shared = [(c, there[database.fold(c.name)]) for c in columns if c not in plan.lacking]
    _refuse_families(database, shared)
    plan.refit = tuple(c for c, column in shared if database.misfit(c, column))
    ours = {database.fold(c.name) for c in columns}
    _compare_foreign(database, plan, [c for name, c in there.items() if name not in ours])


def _refuse_families(database: Database, shared: Iterable[tuple[Column, ReflectedColumn]]) -> None:
    wrong = [
        f"{c.name} is {column['type']}, and the result holds {c.kind}"
        for c, column in shared
        if not isinstance(column["type"], _FAMILIES[c.kind])
    ]
    if wrong:
        raise ConflictError(
            f"{database.target}: {'; '.join(wrong)}. Change the type, or load into a new --table. "
            f"Nothing was changed."
        )


def _compare_foreign(database: Database, plan: Plan, foreign: list[ReflectedColumn]) -> None:
    """Columns that are not the result's: they must be able to stay empty."""
    needy = [c["name"] for c in foreign if not _can_be_left_out(c)]
    if needy:
        raise ConflictError(
            f"{database.target}: {', '.join(needy)} must have a value, and the result has none to "
            f"give. Give them a default, or load into a new --table. Nothing was changed."
        )
    if foreign and database.target.if_exists == "replace":
        names = ", ".join(column["name"] for column in foreign)
        became = "left as they were" if plan.references else "empty or at their default now"
        plan.notes.append(f"not part of the result, and {became}: {names}")


def _can_be_left_out(column: ReflectedColumn) -> bool:
    filled = column.get("default") is not None or column.get("identity") or column.get("computed")
    return bool(column["nullable"] or filled or column.get("autoincrement") is True)


def _note_key(plan: Plan, existing: Existing) -> None:
    if existing.primary_key and existing.primary_key != plan.content.key:
        plan.notes.append(
            f"the primary key of the table was left as it is: {', '.join(existing.primary_key)}"
        )


def _refuse_changes(database: Database, plan: Plan, existing: Existing) -> None:
    """Upsert and append never change a table: say what somebody has to run."""
    key = plan.content.key
    statements = [database.alter_add(plan.table, c) for c in plan.lacking]
    statements += [database.alter_type(plan.table, c) for c in plan.refit]
    kept = [{database.fold(name) for name in names} for names in existing.unique]
    if {database.fold(name) for name in key} not in kept:
        if existing.primary_key:
            raise ConflictError(
                f"{database.target}: the key of the table is {', '.join(existing.primary_key)}, "
                f"and {database.target.if_exists} needs {', '.join(key)}. Load into a new --table. "
                f"Nothing was changed."
            )
        statements.append(database.alter_key(plan.table, key))
    if statements:
        raise ConflictError(
            f"{database.target} does not fit the result, and {database.target.if_exists} does not "
            f"change tables. Run this, then the load again:\n"
            + "\n".join(f"{statement};" for statement in statements)
        )


def _refuse_range(database: Database, plan: Plan) -> None:
    """Append never adds a range twice."""
    if not plan.content.rows:
        return
    since, until = (plan.content.table[name][0].as_py() for name in (SINCE, UNTIL))
    start, end = plan.table.c[SINCE], plan.table.c[UNTIL]
    overlap = sa.select(start, end).where(start <= until, end >= since).distinct().limit(10)
    ranges = sorted((a, b) for a, b in database.connection.execute(overlap))
    if (since, until) in ranges:
        raise ConflictError(
            f"{database.target} holds the rows of {since} to {until} already. Nothing was added: "
            f"delete them first, or use another --table."
        )
    if ranges:
        listed = ", ".join(f"{a} to {b}" for a, b in ranges)
        raise ConflictError(
            f"{database.target} holds days of {since} to {until} under other ranges already: "
            f"{listed}. Whoever adds them up would count those days twice. Nothing was added: "
            f"choose another --since and --until, delete the older rows, or use another --table."
        )
