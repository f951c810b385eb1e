"""What a person sees while a run goes on: progress on a terminal, and rejects kept for later."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

import click

from engagement_cli.pipeline import Watcher
from engagement_cli.sinks.rejects import keeping_rejects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from engagement_cli.cli.progress import ProgressBar
    from engagement_cli.parse.rules import Reject
    from engagement_cli.planning import Plan
    from engagement_cli.scan import Step
    from engagement_cli.sources.discover import Source

_MOST_REJECTS = 20


class FirstRejects(list["tuple[Source, Reject]"]):
    """The first rejected lines with their sources.

    Attributes:
        all_kept: Whether a file keeps all that were rejected.
    """

    def __init__(self, *, all_kept: bool) -> None:
        super().__init__()
        self.all_kept = all_kept


class Terminal(Watcher):
    """Shows a progress bar where standard error is a terminal, and keeps rejects in a file.

    Attributes:
        first_rejects: The first rejected lines, to be shown.
        verbose: Whether more is to be shown.
    """

    def __init__(self, rejects_file: str | None, *, quiet: bool, verbose: bool) -> None:
        self.first_rejects = FirstRejects(all_kept=rejects_file is not None)
        self._quiet = quiet
        self.verbose = verbose
        self._rejects_file = rejects_file
        self._keep: Callable[[Source, Sequence[Reject]], None] | None = None
        self._bar: ProgressBar | None = None
        self._stack = ExitStack()

    @property
    def targets(self) -> list[str]:
        """The files that this writes."""
        return [self._rejects_file] if self._rejects_file else []

    def __enter__(self) -> Self:
        if self._rejects_file:
            self._keep = self._stack.enter_context(keeping_rejects(self._rejects_file))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def show(self, lines: Iterable[str]) -> None:
        """Print lines on standard error, unless quiet."""
        if not self._quiet:
            for line in lines:
                click.echo(line, err=True)

    @contextmanager
    def rows(self, count: int) -> Iterator[Callable[[int], None]]:
        """A function to be told of rows that were loaded, shown as a bar on a terminal."""
        if self._quiet or sys.stderr is None or not sys.stderr.isatty():
            yield lambda _: None
            return
        with click.progressbar(length=count, label="loading", file=sys.stderr) as bar:
            yield bar.update

    def starts(self, planned: Plan) -> None:
        """See ``Watcher``."""
        if not self._quiet and sys.stderr is not None and sys.stderr.isatty():
            from engagement_cli.cli.progress import ProgressBar  # noqa: PLC0415 - rich, only if seen

            self._bar = self._stack.enter_context(ProgressBar(planned.bytes))

    def advances(self, step: Step[Any]) -> None:
        """See ``Watcher``."""
        if self._bar:
            self._bar.advance(step.source, step.done)
        if self.verbose and step.is_end:
            self.show([f"{step.source}: {step.shape}, compression {step.compression}"])

    def rejects(self, source: Source, rejects: Sequence[Reject]) -> None:
        """See ``Watcher``."""
        room = _MOST_REJECTS - len(self.first_rejects)
        self.first_rejects += [(source, reject) for reject in rejects[:room]]
        if self._keep:
            self._keep(source, rejects)
