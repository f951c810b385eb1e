"""The lines that a run would count, handed out instead of added up."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from engagement_cli.aggregate import Sum
from engagement_cli.fold import Shown
from engagement_cli.frames import Rows
from engagement_cli.lines import cleaned
from engagement_cli.parse.chunk import Chunk
from engagement_cli.pipeline import Log, outcome_of, steps_of
from engagement_cli.pivot import pivot
from engagement_cli.scan import pays
from engagement_cli.tally import Tally
from engagement_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from engagement_cli.pipeline import Outcome, Watcher
    from engagement_cli.planning import Plan, Request
    from engagement_cli.sources.discover import Source


class Transformation:
    """The lines in their order, block by block, in memory for the contracts alone."""

    def __init__(self, request: Request, planned: Plan, watcher: Watcher) -> None:
        """Begin to read.

        Args:
            request: What is asked for; of its view, the labels count.
            planned: What to read.
            watcher: Is told how far it is.
        """
        self._request = request
        self._planned = planned
        self._log = Log(watcher)
        self._vocabulary = Vocabulary()
        self._total = Sum(self._vocabulary, compiled=pays(planned.sources))
        count = len(request.table.categories) + self._keeps
        self._names = request.view.names(request.table)[:count]
        watcher.starts(planned)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """The lines, as ``lines.cleaned`` makes them; once.

        Raises:
            InputError: A source cannot be read to its end; nothing that came before counts.
        """
        reading = self._request.fully_reading(mac=True)
        steps = steps_of(self._request, self._planned, reading, self._take, self._vocabulary)
        with closing(self._log.told(steps)) as told:
            yield from (step.kept for step in told if step.kept is not None)

    def outcome(self) -> Outcome:
        """The account, that of a run, when all lines were taken; its frame has no rows."""
        table, log = self._request.table, self._log
        assert log.tally.balances, log.tally
        pivoted = pivot(self._total.total(), table, keep_unmapped=self._keeps)
        return outcome_of(
            self._request,
            Shown(pivoted, Rows(self._no_lines())),
            files=len(self._planned.sources),
            days=self._planned.days,
            bytes=log.stored_bytes,
            tally=log.tally,
            first_reject=log.first_reject,
            not_json=log.not_json,
            identical_files=self._planned.identical,
            passed_over=self._planned.passed_over,
        )

    @property
    def _keeps(self) -> bool:
        return self._request.unmapped == "keep"

    def _take(self, source: Source, chunk: Chunk) -> pd.DataFrame:
        self._total.add(chunk)
        return cleaned(chunk, source.day, self._request.table, self._names)

    def _no_lines(self) -> pd.DataFrame:
        no: list[str] = []
        nothing = Chunk.of_columns(no, no, [], vocabulary=self._vocabulary, tally=Tally(), macs=no)
        return cleaned(nothing, None, self._request.table, self._names)
