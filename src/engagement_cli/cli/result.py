"""What becomes of a result: its account is shown and kept, it is judged, and it is written."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from engagement_cli import pipeline, planning
from engagement_cli.cli import render
from engagement_cli.files import check_targets, refuse_within
from engagement_cli.sinks import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from engagement_cli.cli.output import Outputs
    from engagement_cli.cli.watch import Terminal
    from engagement_cli.pipeline import Outcome
    from engagement_cli.planning import Plan, Request
    from engagement_cli.sinks.writer import Writer
    from engagement_cli.views import View


class Result:
    """Where a result and its account go."""

    def __init__(self, outputs: Outputs, summary_file: str | None) -> None:
        self._outputs = outputs
        self._summary_file = summary_file

    def plan(self, empty: Outcome) -> str:
        """What would be written, told by the outcome that no lines would have.

        Raises:
            UsageError: It could not be.
        """
        return "\n".join(self._outputs.plan(empty))

    def prepare(self, request: Request, planned: Plan | None = None) -> None:
        """Find out before any work whether the tables could be loaded.

        Args:
            request: What is asked for.
            planned: What will be read; without it, the days are not known yet.

        Raises:
            EngagementError: One could not.
        """
        if self._outputs.tables:
            some_day = [request.since or request.until or date(1970, 1, 1)]
            planned = planned or planning.Plan([], some_day, [], 0)
            self._outputs.prepare(pipeline.empty(request, planned))

    def by_day(self, view: View) -> AbstractContextManager[Writer | None]:
        """A writer of the days as they come, where rows go into a file by contract and day."""
        return self._outputs.by_day(view)

    def check(
        self,
        others: Iterable[str] = (),
        inputs: Iterable[str] = (),
        state: Path | None = None,
    ) -> None:
        """Find out before any work whether all could be written, beside other outputs.

        Raises:
            UsageError: Two outputs are one, one is an input, or one lies in the state.
            OutputError: One cannot be written.
        """
        summary = [self._summary_file] if self._summary_file else []
        check_targets([*self._outputs.files, *summary, *others], inputs, state)
        for database in self._outputs.databases:
            refuse_within(database, state)

    def tell_unfinished(self, state: Mapping[str, object]) -> None:
        """Keep what an ingest did after which there will be no result.

        Raises:
            OutputError: It cannot be written.
        """
        if self._summary_file:
            write_json(self._summary_file, {"state": state})

    def deliver(
        self,
        request: Request,
        outcome: Outcome,
        terminal: Terminal,
        writer: Writer | None = None,
        *,
        state: Mapping[str, object] | None = None,
    ) -> None:
        """Show the account, keep it, judge the result, and put it in place.

        Raises:
            QualityError: The result exceeds a limit; it was not written.
            OutputError: It cannot be written.
        """
        account = outcome.account
        terminal.show(render.account(account, terminal.first_rejects, verbose=terminal.verbose))
        if self._summary_file:
            write_json(self._summary_file, account.as_dict() | ({"state": state} if state else {}))
        pipeline.judge(request, outcome)
        with terminal.rows(len(outcome.rows)) as progress:
            told = self._outputs.write(outcome, writer, progress)
        terminal.show(f"wrote      {line}" for line in told)


def write_json(target: str, told: Mapping[str, object]) -> None:
    """Write an account where ``--summary`` says.

    Raises:
        OutputError: It cannot be written.
    """
    write_text(target, json.dumps(told, ensure_ascii=False, indent=2) + "\n")
