"""From the options of a command to where its result goes."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from engagement_cli.errors import EngagementError, OutputError, UsageError
from engagement_cli.secret import is_meant_as_url
from engagement_cli.sinks import FileSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from engagement_cli.pipeline import Outcome
    from engagement_cli.sinks.sql import SecretUrl
    from engagement_cli.sinks.tables import TableSink
    from engagement_cli.sinks.writer import Writer
    from engagement_cli.views import View

    Sink = FileSink | TableSink

_NO_TABLE = (FileSink, type(None))
FILE_DATABASES = {"sqlite", "duckdb"}


def sink_of(asked: dict[str, Any], lock_timeout: float | None = None) -> Sink:
    """The sink that the options of a command name.

    Args:
        asked: The command's options; those that only a sink wants are taken out.
        lock_timeout: Seconds to wait for whoever holds a table.

    Raises:
        UsageError: They name none, two, or one that cannot be.
    """
    target, url_file = asked.pop("target"), asked.pop("url_file")
    table, if_exists, prune = (asked.pop(name) for name in ("table", "if_exists", "prune"))
    if target and url_file:
        raise UsageError("--output and --output-url-file both say where. Give one of them.")
    url = _url(target, url_file)
    if url is not None:
        from engagement_cli.sinks.sql import SqlTarget  # noqa: PLC0415 - SQLAlchemy
        from engagement_cli.sinks.tables import TableSink  # noqa: PLC0415 - likewise

        wait = {} if lock_timeout is None else {"lock_timeout": lock_timeout}
        return TableSink(SqlTarget(url, table, if_exists, prune, **wait))
    if target is None:
        raise UsageError("No output is named. Give --output a file, - or the URL of a database.")
    return FileSink(target, csv_safe=asked["csv_safe"])


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the result of a command goes, and its figures if they are asked for."""

    result: Sink
    figures: Sink | None

    @property
    def files(self) -> list[str]:
        """The files that are written, or standard output."""
        return [*self.result.files, *(self.figures.files if self.figures else [])]

    @property
    def databases(self) -> list[str]:
        """The databases that are files and written to."""
        urls = [table.target.url for table in self.tables]
        return [url.database for url in urls if url.database and url.dialect in FILE_DATABASES]

    def plan(self, empty: Outcome) -> Iterator[str]:
        """What would be written, as text, from an outcome without rows."""
        account = empty.account.as_dict()
        yield self.result.plan(empty.frame, account)
        if self.figures and empty.figures is not None:
            yield self.figures.plan(empty.figures, account)

    @property
    def tables(self) -> list[TableSink]:
        """Those of the two that go to a database."""
        return [sink for sink in (self.result, self.figures) if not isinstance(sink, _NO_TABLE)]

    def prepare(self, empty: Outcome) -> None:
        """Find out before any work whether the tables could be loaded.

        Raises:
            EngagementError: One could not.
        """
        account = empty.account.as_dict()
        for table in self.tables:
            frame = empty.frame if table is self.result else empty.figures
            assert frame is not None
            table.prepare(frame, account)

    @contextmanager
    def by_day(self, view: View) -> Iterator[Writer | None]:
        """A writer of the days as they come, where rows go into a file by contract and day.

        It puts the file in place when it is finished, so that figures are written behind it.
        """
        if view.grain != "contract-day" or not isinstance(self.result, FileSink):
            yield None
            return
        with ExitStack() as stack:
            yield _Days(stack.enter_context(self.result.writing()), stack)

    def write(
        self, outcome: Outcome, writer: Writer | None, progress: Callable[[int], None]
    ) -> list[str]:
        """Put an outcome in the place of what stood there; what is worth telling.

        The result comes first, so that nothing was written where it is refused.

        Raises:
            EngagementError: It cannot be written; what stood there still stands, unless the
                message says that only the figures do.
        """
        account = outcome.account.as_dict()
        if writer is None:
            is_file = isinstance(self.result, FileSink) and self.result.takes_tables
            rows = outcome.rows.table if is_file else outcome.frame
            told = self.result.write(rows, account, progress)
        else:
            writer.write(outcome.frame)
            writer.finish(account)
            told = self.result.files
        if self.figures is None or outcome.figures is None:
            return told
        try:
            return [*told, *self.figures.write(outcome.figures, account)]
        except EngagementError as error:  # whatever kind it is of: something was written
            raise OutputError(
                f"The result is written to {self.result}, and its figures are not: {error}"
            ) from error


class _Days:
    """A writer that puts its file in place when it is finished."""

    def __init__(self, writer: Writer, place: ExitStack) -> None:
        self.write = writer.write
        self._finish = writer.finish
        self._place = place

    def finish(self, account: Mapping[str, object]) -> None:
        self._finish(account)
        self._place.close()


def outputs_of(asked: dict[str, Any], lock_timeout: float | None = None) -> Outputs:
    """The outputs that the options of a command name.

    Figures that go to a database stand in a table of their own, beside that of the result.

    Args:
        asked: The command's options; those that only outputs want are taken out.
        lock_timeout: Seconds to wait for whoever holds a table.

    Raises:
        UsageError: They name none, two, or one that cannot be.
    """
    figures_target = asked.pop("figures_target")
    if not figures_target:
        asked["period"] = None  # it has a default, and nothing to tell without figures
    beside = {
        **asked,
        "target": figures_target,
        "url_file": None,
        "csv_safe": False,
        "table": f"{asked['table']}_figures",
    }
    result = sink_of(asked, lock_timeout)
    return Outputs(result, sink_of(beside, lock_timeout) if figures_target else None)


def _url(target: str | None, url_file: Path | None) -> SecretUrl | None:
    if target is not None and "://" not in target and not is_meant_as_url(target):
        return None
    if target is None and url_file is None and not os.environ.get("ENGAGEMENT_OUTPUT_URL"):
        return None
    from engagement_cli.sinks import sql  # noqa: PLC0415 - SQLAlchemy, only for databases

    if url_file:
        return sql.url_from_file(url_file)
    if target is None:
        return sql.url_from_environment(os.environ)
    url = sql.parse_url(target)
    if url.has_password:
        click.echo(
            "engagement: a password on the command line can be seen by others on this machine; "
            "ENGAGEMENT_OUTPUT_URL or --output-url-file keep it to yourself.",
            err=True,
        )
    return url
