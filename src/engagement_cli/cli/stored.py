"""What ``run`` and ``ingest`` share where a state is written: the ingest, and its interruption."""

from __future__ import annotations

import shlex
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import click

from engagement_cli.cli import render
from engagement_cli.errors import NoInputError, UsageError
from engagement_cli.export import export
from engagement_cli.ingest import Ingested, fresh, ingest
from engagement_cli.pipeline import Plan, days_of, find
from engagement_cli.quality import RejectLimit
from engagement_cli.sources.discover import Found
from engagement_cli.state.generation import reading
from engagement_cli.state.writer import writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engagement_cli.cli.result import Result
    from engagement_cli.cli.watch import Terminal
    from engagement_cli.pipeline import Request
    from engagement_cli.state.writer import Writer

INTERRUPTED = 130


class Place(NamedTuple):
    """Where a state is, and how many seconds to wait for another writer of it."""

    folder: Path
    lock_timeout: float


def run(
    request: Request, place: Place, result: Result, terminal: Terminal, *, dry_run: bool
) -> None:
    """Store what is new, then deliver a result over all that is stored of the asked days.

    Raises:
        UsageError: The strategy is one that holds every line.
        EngagementError: See ``ingesting``, ``export`` and ``Result.deliver``.
    """
    if request.strategy == "batch":
        raise UsageError(
            "--strategy batch holds every line, and --state holds sums. Leave one out."
        )
    found = _find_or_nothing(request, place.folder)
    result.check(terminal.targets, [source.name for source in found.sources])
    if dry_run:
        show_plan(request, found, place.folder)
        return
    each_file_was_judged = replace(request, max_rejects=RejectLimit.parse("100%"))
    with result.by_day(request.view) as writer:
        emit = writer.write if writer else None
        with ingesting(request, found, place, terminal) as (state, done):
            outcome = export(request, state, emit=emit, passed_over=found.passed_over)
            told = {**done.as_dict(), "generation": state.manifest.generation}
        result.deliver(each_file_was_judged, outcome, terminal, writer, state=told)


@contextmanager
def ingesting(
    request: Request, found: Found, place: Place, terminal: Terminal
) -> Iterator[tuple[Writer, Ingested]]:
    """A state in which all that was found is stored, and what was done, already shown.

    Raises:
        InputError: A file could not be read to its end; the others are stored.
        QualityError: A file has too many rejects; the others are stored.
        ConflictError: Another process writes to the state.
        StateError: The state is damaged.
        OutputError: The state cannot be written.
    """
    done = Ingested()
    with writing(place.folder, place.lock_timeout, request.reading.threads) as state:
        try:
            with terminal:
                ingest(request, found, state, terminal, done)
        except KeyboardInterrupt:
            click.echo(_how_far(done, found), err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        told = render.ingested(done, state.manifest.generation, terminal.first_rejects)
        terminal.show(told)
        terminal.first_rejects.clear()  # they are told
        done.judge()
        yield state, done


def show_plan(request: Request, found: Found, folder: Path) -> None:
    """Say what an ingest would read.

    Raises:
        StateError: The state is damaged.
    """
    sources = list(found.sources)
    if folder.is_dir():
        with reading(folder, request.reading.threads) as state:
            sources = fresh(sources, state)
    planned = Plan(sources, days_of(sources), [], found.passed_over)
    click.echo("\n".join(render.plan(planned)), err=True)


def _find_or_nothing(request: Request, folder: Path) -> Found:
    """The logs of the asked days; none need be left where a state is."""
    try:
        return find(request)
    except NoInputError:
        if not folder.is_dir():
            raise
        return Found((), 0)


def _how_far(done: Ingested, found: Found) -> str:
    return (
        f"engagement: interrupted; {done.stored} of {len(found.sources)} files are stored and "
        f"stay so. Go on with:\n  engagement {shlex.join(sys.argv[1:])}"
    )
