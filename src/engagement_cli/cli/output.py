"""From the options of a command to where its result goes."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from engagement_cli.errors import UsageError
from engagement_cli.sinks import FileSink
from engagement_cli.sinks.sql import SqlTarget, parse_url, url_from_environment, url_from_file
from engagement_cli.sinks.tables import TableSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from engagement_cli.pipeline import Outcome
    from engagement_cli.sinks.sql import SecretUrl
    from engagement_cli.sinks.writer import Writer
    from engagement_cli.views import View

Sink = FileSink | TableSink


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

    def plan(self, empty: Outcome) -> Iterator[str]:
        """What would be written, as text, from an outcome without rows."""
        account = empty.account.as_dict()
        yield self.result.plan(empty.frame, account)
        if self.figures and empty.figures is not None:
            yield self.figures.plan(empty.figures, account)

    @contextmanager
    def by_day(self, view: View) -> Iterator[Writer | None]:
        """A writer of the days as they come, where rows go into a file by contract and day."""
        if view.grain != "contract-day" or not isinstance(self.result, FileSink):
            yield None
            return
        with self.result.writing() as writer:
            yield writer

    def write(
        self, outcome: Outcome, writer: Writer | None, progress: Callable[[int], None]
    ) -> list[str]:
        """Put an outcome in the place of what stood there; what is worth telling.

        Raises:
            EngagementError: It cannot be written; what stood there still stands.
        """
        account, told = outcome.account.as_dict(), []
        if self.figures and outcome.figures is not None:
            told += self.figures.write(outcome.figures, account)
        if writer is None:
            return [*self.result.write(outcome.frame, account, progress), *told]
        writer.write(outcome.frame)
        writer.finish(account)
        return [*self.result.files, *told]


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
    if url_file:
        return url_from_file(url_file)
    if target is None:
        return url_from_environment(os.environ)
    if "://" not in target:
        return None
    url = parse_url(target)
    if url.password:
        click.echo(
            "engagement: a password on the command line can be seen by others on this machine; "
            "ENGAGEMENT_OUTPUT_URL or --output-url-file keep it to yourself.",
            err=True,
        )
    return url
