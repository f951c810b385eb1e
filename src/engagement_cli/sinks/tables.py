"""A table in a database as an output, beside the files."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from engagement_cli.schema import CONTRACT, DAY
from engagement_cli.sinks import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd


class TableSink:
    """A table that a result can be loaded into, whole or not at all.

    Attributes:
        target: The table, and what to do when it is there.
    """

    def __init__(self, target: sql.SqlTarget) -> None:
        self.target = target

    def __str__(self) -> str:
        return str(self.target)

    @property
    def files(self) -> list[str]:
        """The files that are written: none that could be mistaken for another."""
        return []

    def plan(self, frame: pd.DataFrame, account: Mapping[str, Any]) -> str:
        """The statements that would make the table; connects to nothing.

        Raises:
            UsageError: Names or options that the database cannot have.
        """
        since, until = _range(account)
        return sql.ddl(frame, self.target, key=_key(frame), since=since, until=until)

    def prepare(self, frame: pd.DataFrame, account: Mapping[str, Any]) -> None:
        """Find out before any work whether the table could be loaded.

        Raises:
            UsageError: Names or options that the database cannot have, or a missing driver.
            DatabaseError: The database cannot be had.
        """
        self.plan(frame, account)
        sql.reach(self.target)

    def write(
        self,
        frame: pd.DataFrame,
        account: Mapping[str, Any],
        progress: Callable[[int], None] | None = None,
    ) -> list[str]:
        """Put a result in the place of what stood there.

        Args:
            frame: The result.
            account: The account of the run; its range goes into the ledger.
            progress: Told after each batch how many rows it had.

        Returns:
            What is worth telling, a sentence each.

        Raises:
            UsageError: Names or options that the database cannot have.
            ConflictError: The table is held, or is there and may not be changed so.
            DatabaseError: The database refused or was lost; the table is as it was.
        """
        since, until = _range(account)
        report = sql.load(
            frame, self.target, key=_key(frame), since=since, until=until, progress=progress
        )
        return list(_told(report))


def _key(frame: pd.DataFrame) -> tuple[str, ...]:
    """What tells rows apart: the first column, or the day and the contract behind it."""
    leading = tuple(frame.columns[:2])
    return leading if leading == (DAY, CONTRACT) else leading[:1]


def _range(account: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """The first and the last day that the result is about."""
    since, until = (
        date.fromisoformat(account[end]) if account[end] else None for end in ("since", "until")
    )
    return since, until


def _told(report: sql.LoadReport) -> Iterator[str]:
    if report.repeated:
        yield f"{report.table} holds this very result already: {report.rows:,} rows, none touched"
    else:
        counts = {
            "written": report.written,
            "changed": report.changed,
            "as they were": report.unchanged,
            "left that the result does not have": report.gone,
            "deleted": report.pruned,
        }
        told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        yield f"{report.table}: {report.rows:,} rows" + (f" ({told})" if told else "")
    yield from report.notes
