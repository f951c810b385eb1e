"""The order of the steps: read what was planned, add up, pivot, judge the whole."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from itertools import groupby
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from engagement_cli.aggregate import Partial, Sum
from engagement_cli.batch import active_days, pivot_lines
from engagement_cli.batch import devices as count_devices
from engagement_cli.devices import Devices, Union
from engagement_cli.features.material import ActiveDays, Extent, day_number
from engagement_cli.fold import Emit, Fold, Shown
from engagement_cli.frames import Rows
from engagement_cli.parse.chunk import Chunk
from engagement_cli.quality import Account, formulas, near_misses
from engagement_cli.repeats import Repeats
from engagement_cli.scan import Reading, Step, pays, scan
from engagement_cli.schema import APP_NAME, CONTRACT, DAY, MAC, SECONDS, Reason
from engagement_cli.sources.days import missing_days
from engagement_cli.sources.discover import Source
from engagement_cli.tally import Tally
from engagement_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import pandas as pd

    from engagement_cli.parse.rules import Reject
    from engagement_cli.planning import Plan, Request
    from engagement_cli.views import View

T = TypeVar("T")


class Watcher:
    """Is told of a run's progress as it goes; takes no notice unless a subclass does."""

    def starts(self, planned: Plan) -> None:
        """The run begins to read."""

    def advances(self, step: Step[Any]) -> None:
        """Another block of a source is read, or the source is read to its end."""

    def rejects(self, source: Source, rejects: Sequence[Reject]) -> None:
        """These lines were rejected, in the order of the source."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gives.

    Attributes:
        rows: The result; none where they were handed out by the day.
        account: What became of every line.
        figures: One row a period, if figures were asked for.
    """

    rows: Rows
    account: Account
    figures: pd.DataFrame | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """The result as a DataFrame."""
        return self.rows.frame


def run(request: Request, planned: Plan, watcher: Watcher, emit: Emit | None = None) -> Outcome:
    """Read what was planned and make the result. Whether it is good enough: ``judge``.

    Args:
        request: What is asked for.
        planned: What to read.
        watcher: Is told how far it is.
        emit: Takes the frames of one day each, where rows are asked for by contract and day.

    Raises:
        InputError: A source cannot be read to its end; nothing of the run counts.
    """
    watcher.starts(planned)
    compute = _in_one_frame if request.strategy == "batch" else _incrementally
    log = Log(watcher)
    shown = compute(request, planned, log, emit)
    assert log.tally.balances, log.tally
    return outcome_of(
        request,
        shown,
        files=len(planned.sources),
        days=planned.days,
        bytes=log.stored_bytes,
        tally=log.tally,
        first_reject=log.first_reject,
        not_json=log.not_json,
        identical_files=planned.identical,
        passed_over=planned.passed_over,
    )


def outcome_of(request: Request, shown: Shown, *, days: Sequence[date], **told: Any) -> Outcome:
    """A result with its account; ``told`` are those facts of it that its making told."""
    account = Account(
        since=request.since or min(days, default=None),
        until=request.until or max(days, default=None),
        days=days,
        pivot=shown.pivot,
        near_misses=near_misses(shown.pivot.unmapped, request.table),
        missing_days=missing_days(days, request.since, request.until),
        formulas=0 if request.csv_safe else formulas(shown.pivot),
        **told,
    )
    return Outcome(shown.rows, account, shown.figures)


def empty(request: Request, planned: Plan) -> Outcome:
    """The outcome that no lines would have: its frame has the columns of the real one."""
    return run(request, replace(planned, sources=()), Watcher())


def judge(request: Request, outcome: Outcome) -> None:
    """Refuse an outcome that exceeds a limit of its request.

    Raises:
        QualityError: It does; nothing may be written.
    """
    outcome.account.hold_to(
        request.max_rejects,
        strict=request.strict,
        fail_on_unmapped=request.unmapped == "fail",
    )


def extent_of(days: Sequence[date], request: Request) -> Extent:
    """The days that a result is about; where none are known, a day that means nothing."""
    known = days or [request.since or request.until or date(1970, 1, 1)]
    return Extent.of(known, request.since, request.until)


def fold_of(
    request: Request, days: Sequence[date], emit: Emit | None, *, compiled: bool = False
) -> Fold:
    """What adds these days up to the view that is asked for."""
    return Fold(
        request.table,
        request.view,
        keep_unmapped=request.unmapped == "keep",
        extent=extent_of(days, request),
        present=days,
        compiled=compiled,
        emit=emit,
    )


def _incrementally(request: Request, planned: Plan, log: Log, emit: Emit | None) -> Shown:
    """Add up sums, block by block, in memory for the contracts alone."""
    compiled, view = pays(planned.sources), request.view
    import_meanwhile(package_of(view))
    vocabulary = Vocabulary()
    days: list[date | None] = [*planned.days] if view.needs_days else [None]
    sums = {day: Sum(vocabulary, compiled=compiled) for day in days}
    devices = {day: Union() for day in (days if view.needs_devices_by_day else [None])}
    fold = fold_of(request, planned.days, emit, compiled=compiled)

    def add(source: Source, chunk: Chunk) -> bool:
        sums[source.day if view.needs_days else None].add(chunk)
        if view.needs_devices:
            devices[source.day if view.needs_devices_by_day else None].add(chunk)
        return True

    steps = steps_of(request, planned, request.fully_reading(), add, vocabulary)
    if not view.needs_days:
        log.follow(steps)
        return fold.show(sums[None].total(), devices[None].total())
    with closing(log.told(steps)) as told:
        for day, of_day in groupby(told, key=lambda step: step.source.day):
            for _ in of_day:
                pass
            own = devices.pop(day).total() if view.needs_devices_by_day else None
            fold.add(day, sums.pop(day).total(), own)
    return fold.shown(None if view.needs_devices_by_day else devices[None].total())


def package_of(view: View) -> str:
    """What a result is made with that takes long to import."""
    return "pyarrow.csv" if view.is_as_pivoted else "pandas"


def import_meanwhile(*packages: str) -> None:
    """Import what will be needed, in a thread of its own, while others read.

    That takes a quarter of a second; whoever needs it sooner waits for the rest of that. An
    interrupt is never lost in it, as it may be in the main thread, where Python runs what frees
    the locks of modules, and an exception there is ignored.
    """
    Thread(target=lambda: [import_module(package) for package in packages]).start()


def _in_one_frame(request: Request, planned: Plan, log: Log, emit: Emit | None) -> Shown:
    """Hold every line in one DataFrame, then map, group and pivot."""
    import pandas as pd  # noqa: PLC0415 - reading begins without

    frames = []

    def keep(source: Source, chunk: Chunk) -> bool:
        day = day_number(source.day) if source.day else 0
        frames.append(chunk.frame().assign(**{DAY: day}))
        return True

    keep(Source("", None, 0), Chunk.of_columns([], [], [], vocabulary=Vocabulary(), tally=Tally()))
    log.follow(steps_of(request, planned, request.fully_reading(), keep, Vocabulary()))
    lines, table, view = pd.concat(frames, ignore_index=True), request.table, request.view
    if view.grain != "contract" or view.period is not None:
        return _from_lines(request, planned, lines, emit)
    pivoted = pivot_lines(lines, table, keep_unmapped=request.unmapped == "keep")
    contracts = pivoted.frame[CONTRACT]
    active = devices = None
    if view.needs_activity:
        days = active_days(lines, table, contracts, with_seconds=view.counts_seconds)
        active = ActiveDays(*(days[column].to_numpy() for column in days))
    if view.needs_devices:
        devices = count_devices(lines, table, contracts).to_numpy()
    extent = extent_of(planned.days, request)
    frame = view.of(pivoted.frame, table, extent=extent, active=active, devices=devices)
    return Shown(pivoted, Rows(frame))


def steps_of(
    request: Request,
    planned: Plan,
    reading: Reading,
    take: Callable[[Source, Chunk], T],
    vocabulary: Vocabulary,
) -> Generator[Step[T]]:
    """The steps of all sources, in order; without repeats if so asked.

    ``take`` is called by the threads with each chunk, in no order. Where repeats are dropped,
    which is the first shows only in order, and so one thread takes all.
    """
    if not request.dedupe:
        yield from scan(planned.sources, reading, take, vocabulary)
        return
    repeats = Repeats()
    every: Generator[Step[Any]]
    every = scan(planned.sources, reading, lambda _, chunk: chunk, vocabulary)
    with closing(every) as steps:
        for step in steps:
            if step.kept is None:
                yield step
                continue
            chunk = repeats.without(step.source, step.kept)
            yield replace(step, kept=take(step.source, chunk), tally=chunk.tally)


def _from_lines(request: Request, planned: Plan, lines: pd.DataFrame, emit: Emit | None) -> Shown:
    """Fold the days that a DataFrame of all lines holds."""
    fold = fold_of(request, planned.days, emit)
    days: list[date | None] = [*planned.days] or [None]
    for day in days:
        of_day = lines if day is None else lines[lines[DAY] == day_number(day)]
        chunk = Chunk.of_columns(
            of_day[CONTRACT].tolist(),
            of_day[APP_NAME].tolist(),
            of_day[SECONDS].tolist(),
            vocabulary=Vocabulary(),
            tally=Tally(),
            macs=of_day[MAC].tolist() if MAC in of_day else None,
        )
        devices = None if chunk.macs is None else Devices.of(chunk)
        fold.add(day, Partial.of(chunk), devices)
    return fold.shown()


class Log:
    """What reading comes to, step by step.

    Attributes:
        tally: What became of the lines.
        stored_bytes: How many bytes they were as stored.
        first_reject: Where the first rejected line is, and why; empty without one.
        not_json: The first source of which nearly no line is JSON; empty without one.
        fingerprint: The fingerprint of the last source, if asked for.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self.tally, self.stored_bytes, self.first_reject = Tally(), 0, ""
        self.not_json, self._of_source = "", Tally()
        self.fingerprint: str | None = None

    def follow(self, steps: Generator[Step[Any]]) -> None:
        """Take all these steps.

        Raises:
            InputError: A source cannot be read to its end, or changed meanwhile.
        """
        for _ in self.told(steps):
            pass

    def told(self, steps: Generator[Step[T]]) -> Generator[Step[T]]:
        """These steps, each noted when it is taken; closed when that ends, by an error too.

        Else the error would keep them, and with them the threads that read ahead.
        """
        with closing(steps):
            for step in steps:
                self._note(step)
                yield step

    def _note(self, step: Step[Any]) -> None:
        self.tally += step.tally
        self._of_source += step.tally
        self._watcher.advances(step)
        if step.rejects:
            self._watcher.rejects(step.source, step.rejects)
            first = step.rejects[0]
            told = f"{step.source}:{first.line}, {first.reason}"
            self.first_reject = self.first_reject or told
        if step.is_end:
            self.stored_bytes += step.done
            self.fingerprint = step.fingerprint
            if _is_foreign(self._of_source):
                self.not_json = self.not_json or str(step.source)
            self._of_source = Tally()


def _is_foreign(tally: Tally) -> bool:
    """Whether this is what becomes of a file that was read in another shape than it has."""
    not_json = tally.rejected.get(Reason.NOT_JSON, 0)
    return not tally.valid and 2 * not_json > tally.rejects
