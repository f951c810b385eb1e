"""What ``run`` and ``ingest`` share where a state is written: the ingest, and its interruption."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from engagement_cli.cli import again, render
from engagement_cli.errors import NoInputError, UsageError
from engagement_cli.export import export, prepared
from engagement_cli.ingest import Ingested, fresh, ingest, require_what_the_view_needs
from engagement_cli.pipeline import import_meanwhile, package_of
from engagement_cli.planning import Plan, days_of, find
from engagement_cli.quality import RejectLimit
from engagement_cli.scan import pays
from engagement_cli.sources.discover import Found
from engagement_cli.state import layout
from engagement_cli.state.generation import reading
from engagement_cli.state.writer import writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from engagement_cli.cli.result import Result
    from engagement_cli.cli.watch import Terminal
    from engagement_cli.planning import Request
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
        EngagementError: See ``ingesting``, ``Ingested.judge``, ``export`` and ``Result.deliver``.
    """
    if request.strategy == "batch":
        raise UsageError(
            "--strategy batch holds every line, and --state holds sums. Leave one out."
        )
    found = _find_or_nothing(request, place.folder)
    result.check(terminal.targets, [source.name for source in found.sources], place.folder)
    if dry_run:
        show_plan(request, found, place.folder)
        return
    if not layout.is_begun(place.folder):  # a state that is refused is not begun
        require_what_the_view_needs(request, found, ())
    each_file_was_judged = replace(request, max_rejects=RejectLimit.parse("100%"))
    with interruptible(found) as done, result.by_day(request.view) as writer:
        emit = writer.write if writer else None
        with ingesting(request, found, place, terminal, done, ahead=True) as (state, told):
            if not done.is_whole:
                result.tell_unfinished(told)
            done.judge()
            outcome = export(request, state, emit=emit, passed_over=found.passed_over)
        try:
            result.deliver(each_file_was_judged, outcome, terminal, writer, state=told)
        finally:
            state.settle()


@contextmanager
def interruptible(found: Found) -> Iterator[Ingested]:
    """What an ingest did so far; if it is interrupted, how far that is and how to go on is told.

    Raises:
        Exit: It was interrupted.
    """
    done = Ingested()
    try:
        yield done
    except KeyboardInterrupt:
        click.echo(_how_far(done, found), err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


@contextmanager
def ingesting(
    request: Request,
    found: Found,
    place: Place,
    terminal: Terminal,
    done: Ingested,
    *,
    ahead: bool = False,
) -> Iterator[tuple[Writer, dict[str, Any]]]:
    """A state in which what was found is stored as far as it can be, and what was done, as JSON.

    It is already shown, and not yet judged. What a result of the asked days will need is read and
    imported ``ahead``, meanwhile.

    Raises:
        ConflictError: Another process writes to the state.
        StateError: The state is damaged.
        OutputError: The state cannot be written.
    """
    with writing(place.folder, place.lock_timeout, request.reading.threads) as state:
        if ahead and not request.view.needs_each_day:
            state.look_ahead(partial(prepared, request), request.since, request.until)
        pays(found.sources)  # loads what reads them, before something else is imported
        import_meanwhile("pyarrow.parquet", *([package_of(request.view)] if ahead else []))
        with terminal:
            ingest(request, found, state, terminal, done)
        generation = state.manifest.generation
        terminal.show(render.ingested(done, generation, terminal.first_rejects))
        terminal.first_rejects.clear()  # they are told
        yield state, {**done.as_dict(), "generation": generation}


def show_plan(request: Request, found: Found, folder: Path) -> None:
    """Say what an ingest would read.

    Raises:
        StateError: The state is damaged, or its folder holds something else.
    """
    sources = list(found.sources)
    layout.refuse_strangers(folder)
    if layout.is_begun(folder):
        with reading(folder, request.reading.threads) as state:
            sources = fresh(request, sources, state)
    planned = Plan(sources, days_of(sources), [], found.passed_over)
    click.echo("\n".join(render.plan(planned)), err=True)


def _find_or_nothing(request: Request, folder: Path) -> Found:
    """The logs of the asked days; none need be left where a state is."""
    try:
        return find(request)
    except NoInputError:
        if not layout.is_begun(folder):
            raise
        return Found((), 0)


def _how_far(done: Ingested, found: Found) -> str:
    stored = f"{done.stored} of {len(found.sources)} files are stored and stay so"
    far = stored if done.began else "nothing was changed"
    return f"engagement: interrupted; {far}. Go on with:\n  {again.command()}"
