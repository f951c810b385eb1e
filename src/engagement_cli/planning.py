"""What a run is asked for, and which files it will read for that."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from engagement_cli.categories import CategoryTable, builtin_table
from engagement_cli.errors import NoInputError, UsageError
from engagement_cli.fold import try_out
from engagement_cli.parse.rules import Fields
from engagement_cli.pivot import UNMAPPED, Unmapped
from engagement_cli.quality import RejectLimit
from engagement_cli.scan import Reading
from engagement_cli.sources.discover import Found, Source, discover
from engagement_cli.sources.streams import reading
from engagement_cli.views import View, check_known

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from datetime import date
    from pathlib import Path


Strategy = Literal["incremental", "batch"]
STRATEGIES: tuple[Strategy, ...] = ("incremental", "batch")
_END_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked for.

    Attributes:
        inputs: Folders, files, glob patterns, or ``-``.
        table: The category table.
        since: The first day that counts.
        until: The last day that counts.
        day: The day of input whose name tells none.
        unmapped: What becomes of apps that no category lists.
        csv_safe: Whether contracts that look like formulas are made harmless where it matters.
        max_rejects: How many rejected lines are accepted.
        strict: Whether a warning is an error.
        strategy: ``incremental`` adds up sums; ``batch`` holds every line in one DataFrame.
        reading: How sources are read.
        view: What is made of the totals.
        dedupe: Whether equal ``_id``s within a day's files count once.
        devices: Whether a state keeps the devices of what is read into it.
        apart: A folder that is no input even where it lies in one: the state.
    """

    inputs: Sequence[str]
    table: CategoryTable = field(default_factory=builtin_table)
    since: date | None = None
    until: date | None = None
    day: date | None = None
    unmapped: Unmapped = "drop"
    csv_safe: bool = False
    max_rejects: RejectLimit = field(default_factory=RejectLimit)
    strict: bool = False
    strategy: Strategy = "incremental"
    reading: Reading = field(default_factory=Reading)
    view: View = field(default_factory=View)
    dedupe: bool = False
    devices: bool = False
    apart: Path | None = None

    def __post_init__(self) -> None:
        """Raise a UsageError where a value cannot mean anything, before any work."""
        check_known("strategy", self.strategy, STRATEGIES)
        check_known("unmapped", self.unmapped, UNMAPPED)
        try_out(self.table, self.view, keep_unmapped=self.unmapped == "keep")

    def fully_reading(self, *, mac: bool = False) -> Reading:
        """How sources are read, with the optional fields that are needed."""
        fields = Fields(mac=mac or self.view.needs_devices, hit_id=self.dedupe)
        return replace(self.reading, fields=fields)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will read.

    Attributes:
        sources: The files, ordered by day and name.
        days: The days of the files, in order, those of files that hold another's bytes too.
        identical: Names of files with the same bytes: the one that is read, the one that is not.
        passed_over: Files in the folders that are never logs.
    """

    sources: Sequence[Source]
    days: Sequence[date]
    identical: Sequence[tuple[str, str]]
    passed_over: int

    @property
    def bytes(self) -> int:
        """Bytes to read, as stored, as far as they are known."""
        return sum(source.size or 0 for source in self.sources)


def find(request: Request) -> Found:
    """Find the logs of the asked days.

    Raises:
        UsageError: An input does not exist, or has no day where days are asked for.
        NoInputError: None of the logs is of an asked day.
    """
    if request.since and request.until and request.since > request.until:
        raise UsageError(
            f"--since {request.since} is behind --until {request.until}. Exchange the two."
        )
    found = discover(request.inputs, day=request.day, apart=request.apart)
    sources = [source for source in found.sources if _is_asked(source, request)]
    if not sources:
        first, last = request.since or "the first", request.until or "the last"
        raise NoInputError(
            f"None of the {len(found.sources)} logs is of a day from {first} to {last}. "
            "Change --since or --until."
        )
    return replace(found, sources=tuple(sources))


def plan(request: Request) -> Plan:
    """Find what a run would read.

    Raises:
        UsageError: An input does not exist, or has no day where days are asked for.
        NoInputError: Nothing is left to read.
    """
    found = find(request)
    kept, identical = _distinct(found.sources)
    return Plan(kept, days_of(found.sources), identical, found.passed_over)


def days_of(sources: Iterable[Source]) -> list[date]:
    """The days of sources, in order."""
    return sorted({source.day for source in sources if source.day})


def require_days(planned: Plan) -> None:
    """Refuse sources without a day.

    Raises:
        UsageError: There is one.
    """
    for source in planned.sources:
        if source.day is None:
            raise _no_day(source)


def _is_asked(source: Source, request: Request) -> bool:
    if request.since is None and request.until is None and not request.view.needs_days:
        return True
    if source.day is None:
        raise UsageError(
            f"{source}: its name and folders tell no day. Say which it is with --date."
        )
    return (request.since is None or request.since <= source.day) and (
        request.until is None or source.day <= request.until
    )


def _no_day(source: Source) -> UsageError:
    return UsageError(
        f"{source.name}: its name and folders tell no day. Say which it is with --date."
    )


def _distinct(sources: Sequence[Source]) -> tuple[list[Source], list[tuple[str, str]]]:
    """The sources without those that hold the same bytes as one before them."""
    groups = [[source for source in sources if source.size]]
    for tell in (
        _size,
        _ends,
        _digest,
    ):  # the dear one is for files that the cheap ones took for one
        groups = [alike for group in groups for alike in _alike(group, tell)]
    first = {source: group[0] for group in groups for source in group[1:]}
    kept = [source for source in sources if source not in first]
    return kept, [(str(first[source]), str(source)) for source in sources if source in first]


def _alike(sources: Iterable[Source], tell: Callable[[Source], Hashable]) -> Iterator[list[Source]]:
    """The sources of which the same is told, where they are several."""
    groups: dict[Hashable, list[Source]] = defaultdict(list)
    for source in sources:
        groups[tell(source)].append(source)
    return (group for group in groups.values() if len(group) > 1)


def _size(source: Source) -> Hashable:
    return source.size


def _ends(source: Source) -> Hashable:
    """The first and the last bytes; days differ in them if they differ at all."""
    assert source.size is not None
    with reading(source, "none"), source.path.open("rb") as file:
        head = file.read(_END_BYTES)
        file.seek(max(0, source.size - _END_BYTES))
        return hashlib.sha256(head + file.read(_END_BYTES)).digest()


def _digest(source: Source) -> Hashable:
    with reading(source, "none"), source.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
