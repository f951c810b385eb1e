"""The order of the steps of a load, the same for every database."""

from __future__ import annotations

import secrets
from dataclasses import replace as altered
from typing import TYPE_CHECKING

from engagement_cli.errors import DatabaseError, EngagementError, UsageError
from engagement_cli.schema import CONTRACT
from engagement_cli.sinks.sql import ledger
from engagement_cli.sinks.sql.content import SINCE, UNTIL, Content
from engagement_cli.sinks.sql.failure import errors_of, is_lost, shielded
from engagement_cli.sinks.sql.fit import plan_for
from engagement_cli.sinks.sql.merge import check, merge, verify
from engagement_cli.sinks.sql.registry import database_for
from engagement_cli.sinks.sql.repeat import is_repeated
from engagement_cli.sinks.sql.sums import sum_back
from engagement_cli.sinks.sql.target import LoadReport

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    import pandas as pd
    import sqlalchemy as sa

    from engagement_cli.sinks.sql.database import Database
    from engagement_cli.sinks.sql.plan import Plan
    from engagement_cli.sinks.sql.target import SqlTarget


def load(
    frame: pd.DataFrame,
    target: SqlTarget,
    *,
    key: str | tuple[str, ...] = CONTRACT,
    since: dt.date | None = None,
    until: dt.date | None = None,
    progress: Callable[[int], None] | None = None,
) -> LoadReport:
    """Load a result into a table, whole or not at all.

    Args:
        frame: One row for each key; text, integer, float, date and boolean columns.
        target: The table, and what to do when it is there.
        key: Name or names of the key columns, which become the primary key.
        since: First day of the result's range, for the ledger; ``append`` needs it.
        until: Last day of the range, likewise.
        progress: Told after each batch how many rows it had.

    Returns:
        What became of the rows.

    Raises:
        UsageError: Names, columns or options that the database cannot have.
        ConflictError: The table is held, is there (``fail``), has rows of this range already
            (``append``), or has columns that do not fit; nothing was written.
        DatabaseError: The database refused or was lost; the table is as it was.
    """
    database, content = _prepared(frame, target, key, since, until)
    database.require_driver()
    entry = ledger.Entry(target.name, secrets.token_hex(8), target.if_exists, since, until)
    return shielded(lambda: _load(database, content, entry, progress or _unwatched), database)


def reach(target: SqlTarget) -> None:
    """Find out before any work whether the database can be had; changes nothing.

    Raises:
        UsageError: The driver is missing, or does not take the URL.
        DatabaseError: The server or the folder of the file is not there, or lets nobody in.
    """
    database = database_for(target)
    database.require_driver()
    shielded(database.reach, database)


def ddl(
    frame: pd.DataFrame,
    target: SqlTarget,
    *,
    key: str | tuple[str, ...] = CONTRACT,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> str:
    """The statements that would make the table and its ledger; connects to nothing.

    Raises:
        UsageError: As ``load``, for what can be seen without the database.
    """
    database, content = _prepared(frame, target, key, since, until)
    return database.ddl(content)


def _prepared(
    frame: pd.DataFrame,
    target: SqlTarget,
    key: str | tuple[str, ...],
    since: dt.date | None,
    until: dt.date | None,
) -> tuple[Database, Content]:
    """Refuse what can be refused before any work."""
    span = None
    if target.if_exists == "append":
        if since is None or until is None:
            raise UsageError("append needs the range of the result. Give --since and --until.")
        span = since, until
    database = database_for(target)
    database.check_names([*map(str, frame.columns), *((SINCE, UNTIL) if span else ())])
    content = Content.of(frame, (key,) if isinstance(key, str) else key, span)
    database.check_content(content)
    return database, content


def _load(
    database: Database, content: Content, entry: ledger.Entry, progress: Callable[[int], None]
) -> LoadReport:
    report = None
    try:
        with database.session():
            database.lock(entry.target)
            database.create_ledger()
            database.sweep()
            report = _write(database, content, entry, progress)
            database.commit()
    except errors_of(database) as error:
        if report is None or not is_lost(error, database):
            raise
        lost = error
    else:
        return report
    return _settled(database, entry, report, lost)


def _write(
    database: Database, content: Content, entry: ledger.Entry, progress: Callable[[int], None]
) -> LoadReport:
    """Everything but the commit."""
    plan = plan_for(database, content)
    report = LoadReport(str(database.target), content.rows)
    if is_repeated(database, plan):
        return altered(report, unchanged=content.rows, repeated=True)
    stage = database.stage(plan, entry.token)
    database.fill(stage, content, progress)
    if sum_back(database, stage, content) != content.controls:
        raise DatabaseError(
            f"{database.target}: the rows that arrived do not add up to the rows that were sent. "
            f"Nothing was changed: look at the server's log, then run again."
        )
    report = _place(database, plan, stage, report)
    ledger.record(database.connection, database.ledger, entry, content)
    return altered(report, notes=tuple(plan.notes))


def _place(database: Database, plan: Plan, stage: sa.Table, report: LoadReport) -> LoadReport:
    """Let the staged rows take their place in the table."""
    mode = database.target.if_exists
    if plan.existing is None or (mode == "replace" and not plan.references):
        database.replace(plan, stage)
        return altered(report, written=report.rows)
    if mode == "append":
        written = database.copy(stage, plan.table)
        check(database, plan, stage)
        return altered(report, written=written)
    prune = database.target.prune or mode == "replace"
    if mode == "replace":
        database.make_fit(plan, plan.table)
    database.before_merge(plan, stage)
    changed, written, gone = merge(database, plan, stage, prune=prune)
    check(database, plan, stage)
    if prune:
        verify(database, plan)
    return altered(
        report,
        written=written,
        changed=changed,
        unchanged=report.rows - changed - written,
        gone=0 if prune else gone,
        pruned=gone if prune else 0,
    )


def _settled(
    database: Database, entry: ledger.Entry, report: LoadReport, lost: Exception
) -> LoadReport:
    """Find out over a new connection whether a commit that failed took effect."""
    there = _is_committed(database, entry)
    if there is None:
        raise DatabaseError(
            f"{database.target}: the connection was lost during the commit and cannot be had "
            f"again, so the table is the old one or the new one. Run again: a load that took "
            f"effect is recognised and not repeated."
        )
    if not there:
        raise lost
    note = "the connection was lost during the commit; the load was looked for and is complete"
    return altered(report, notes=(*report.notes, note))


def _is_committed(database: Database, entry: ledger.Entry) -> bool | None:
    """Whether the ledger has the load; None when the database cannot be asked."""
    try:
        with database.session():
            # The lost session holds the lock until the server has made an end of it.
            database.lock(entry.target)
            database.sweep()
            return database.has_ledger() and ledger.holds(
                database.connection, database.ledger, entry.token
            )
    except EngagementError:
        return None
    except errors_of(database):
        return None


def _unwatched(_: int) -> None:
    """Nobody watches."""
