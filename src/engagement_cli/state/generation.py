"""A state as it is read: one generation of it, whole, whatever a writer does meanwhile."""

from __future__ import annotations

import shlex
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engagement_cli import kernel
from engagement_cli.aggregate import Partial, Sum, require_summable
from engagement_cli.compact import CompactSum, NotCompactError
from engagement_cli.errors import DamageError, EngagementError, StateError, UsageError
from engagement_cli.ordered import ordered
from engagement_cli.schema import RULES_VERSION
from engagement_cli.sources.days import missing_days, parse_day
from engagement_cli.sources.discover import natural_key, place_of, shown
from engagement_cli.state import device_files, layout, lock, manifest, partials, sums
from engagement_cli.state.ahead import Ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from typing import TypeVar

    from engagement_cli.compact import Compact, Total
    from engagement_cli.state.kept import Kept, Stamps
    from engagement_cli.state.manifest import Look, Manifest, StoredFile, StoredPartial
    from engagement_cli.state.partials import Decoded

    T = TypeVar("T")

_PAYS_FROM_GROUPS = 500_000
"""How many groups are so many that loading machine code pays."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a state holds of a range of days.

    Attributes:
        files: The files that count, each with its partial, ordered by day and name.
        days: The days of the files, in order, those of files that hold another's bytes too.
        identical: Names of files with the same bytes: the one that counts, the one that does not.
    """

    files: Sequence[tuple[StoredFile, StoredPartial]]
    days: Sequence[date]
    identical: Sequence[tuple[str, str]]

    @property
    def pays(self) -> bool:
        """Whether so many groups are to be added up that loading machine code pays."""
        return _pays(_groups(stored for _, stored in self.files))

    def of(self, day: date | None) -> list[StoredPartial]:
        """The partials of a day."""
        return [stored for file, stored in self.files if file.day == day]


class Generation:
    """What a state holds.

    Attributes:
        folder: Where the state is.
        manifest: What this generation holds.
        threads: How many threads read it.
    """

    def __init__(self, folder: Path, current: Manifest, threads: int) -> None:
        self.folder = folder
        self.manifest = current
        self.threads = threads
        self._aside = ThreadPoolExecutor(1)
        self._ahead: Ahead[Any] | None = None

    @property
    def quoted(self) -> str:
        """The folder as a shell takes it."""
        return shlex.quote(str(self.folder))

    def finds(
        self, name: str, look: Look | None, day: date | None, *, devices: bool = False
    ) -> bool:
        """Whether the file of this name is stored, with its devices if these are asked for.

        That is as far as a look can tell.
        """
        file = self.manifest.files.get(name)
        return (
            file is not None
            and look is not None
            and (file.look, file.day) == (look, day)
            and self.knows(file.content, devices=devices)
        )

    def knows(self, content: str, *, devices: bool = False) -> bool:
        """Whether these bytes are stored, judged by the rules in force, maybe with their devices.

        Devices whose file a look finds missing or of another size are not.
        """
        stored = self.manifest.partials.get(content)
        if stored is None or stored.rules != RULES_VERSION:
            return False
        return not devices or (
            stored.devices is not None
            and device_files.is_whole_at_a_look(self.folder, stored.devices)
        )

    def files(self) -> list[StoredFile]:
        """Every file, ordered by day and name; without a day first."""
        return sorted(self.manifest.files.values(), key=_order)

    def named(self, which: Iterable[str]) -> list[StoredFile]:
        """The files that are named, or of a day that is.

        Args:
            which: Names as they are stored, paths, days, or files of partials.

        Raises:
            UsageError: No file has such a name or day.
        """
        chosen: dict[str, StoredFile] = {}
        for each in which:
            names = {each, str(Path(each).absolute()), place_of(each)}
            found = [
                file
                for file in self.files()
                if names & {file.name, shown(file.name)}
                or str(file.day) == _day(each)
                or self.manifest.partials[file.content].partial == Path(each).name
            ]
            if not found:
                raise UsageError(
                    f"{shown(each)}: no stored file has this name or day. "
                    f"What is stored: engagement state list {self.quoted}"
                )
            chosen.update((file.name, file) for file in found)
        return list(chosen.values())

    def require_days(self) -> None:
        """Refuse files without a day.

        Raises:
            UsageError: There is one.
        """
        for file in self.files():
            if file.day is None:
                raise UsageError(
                    f"{shown(file.name)}: stored without a day. Take it out, and ingest it again "
                    f"with --date: engagement state remove {self.quoted} "
                    f"{shlex.quote(self.manifest.partials[file.content].partial)}"
                )

    def missing_days(self) -> list[date]:
        """The days between the first and the last one that have no file."""
        days = [file.day for file in self.manifest.files.values() if file.day]
        return missing_days(days, None, None)

    def counted(self, since: date | None = None, until: date | None = None) -> Counted:
        """What counts in a range of days, the first and the last one included.

        Raises:
            UsageError: A range is asked for, and a file has no day.
        """
        asked = self.files()
        if since or until:
            self.require_days()
            first_day, last_day = since or date.min, until or date.max
            asked = [file for file in asked if file.day and first_day <= file.day <= last_day]
        first: dict[str, tuple[StoredFile, StoredPartial]] = {}
        identical = []
        for file in asked:
            stored = self.manifest.partials[file.content]
            key = file.content if stored.source_bytes else file.name  # empty ones are not alike
            counts, _ = first.setdefault(key, (file, stored))
            if counts is not file:
                identical.append((shown(counts.name), shown(file.name)))
        days = sorted({file.day for file in asked if file.day})
        return Counted(list(first.values()), days, identical)

    def days(
        self, since: date | None = None, until: date | None = None
    ) -> Iterator[tuple[date | None, Partial]]:
        """The days of a range in order, each with the sum of its files; None, without one, first.

        Raises:
            UsageError: A range is asked for, and a file has no day.
            StateError: A partial is missing or damaged.
        """
        files = self.counted(since, until).files
        self._stamps(files)
        loaded = self._load(stored for _, stored in files)
        for day, group in groupby(files, lambda counted: counted[0].day):
            stored = [of for _, of in group]
            parts = list(islice(loaded, len(stored)))
            yield day, parts[0] if len(parts) == 1 else _sum_of(parts, _groups(stored))

    def total(self, since: date | None = None, until: date | None = None) -> Total:
        """The sum of a range of days; compact where that is possible.

        Raises:
            UsageError: A range is asked for, and a file has no day.
            StateError: A partial is missing or damaged.
            InputError: All seconds together exceed int64.
        """
        files = self.counted(since, until).files
        require_summable(
            sum(stored.seconds for _, stored in files),
            sum(stored.tally.valid for _, stored in files),
        )
        wanted = self._stamps(files)
        begun = self._begun(files, wanted)
        rest = [of for of in files if _name(*of) not in begun.summed]
        try:
            with closing(self._load_compact(rest)) as loaded:
                for each in loaded:
                    begun.merger.add(each)
            total = begun.merger.total()
        except NotCompactError:
            every = [stored for _, stored in files]
            return _sum_of(self._load(every), _groups(every))
        if begun.merger.is_new:
            of = sum(stored.partial_bytes for stored in self.manifest.partials.values())
            self.keep_aside(partial(self._keep, total, wanted, begun.kept), of)
        return total

    def keep_aside(self, keep: Callable[[Path, int], None], size: int) -> None:
        """Keep what was made of stored files, while other work is done.

        A disk that is full or read-only keeps nothing.

        Args:
            keep: Keeps it in a folder, where such files may take so many bytes.
            size: As many bytes as all stored files that it could be made of.
        """

        def kept() -> None:
            with suppress(OSError):
                keep(self.folder / layout.SUMS, size)

        self._aside.submit(kept)

    def look_ahead(
        self, prepare: Callable[[Compact], T], since: date | None, until: date | None
    ) -> None:
        """Begin to make what ``total`` will need of a range, while other work is done.

        Args:
            prepare: Makes of the total what ``prepared`` gives.
            since: The first day.
            until: The last day.
        """
        with suppress(EngagementError):  # whoever asks for the total is told
            wanted = self._stamps(self.counted(since, until).files)
            self._ahead = Ahead(self._aside, self.folder / layout.SUMS, wanted, prepare)

    def prepared(self, total: Total) -> Any:
        """What ``look_ahead`` was told to prepare of this very total; None if that was not made."""
        return self._ahead.prepared(total) if self._ahead else None

    def settle(self) -> None:
        """Wait for what is still being kept aside, and let go of what nobody asked for."""
        self._aside.shutdown()
        if self._ahead:
            self._ahead.drop_draft()

    def _keep(
        self,
        total: Compact,
        wanted: Stamps,
        begun: Sequence[Kept[CompactSum]],
        folder: Path,
        room: int,
    ) -> None:
        draft = self._ahead.taken_draft(total) if self._ahead else None
        sums.keep(draft or sums.draft(folder, total), wanted, begun, room)

    def _begun(
        self, files: Sequence[tuple[StoredFile, StoredPartial]], wanted: Stamps
    ) -> sums.Begun:
        """The sum of as many partials as are summed already, to add the others."""
        if self._ahead is not None:
            names = {(file.content, file.day): _name(file, stored) for file, stored in files}
            if settled := self._ahead.settled(names, wanted):
                return settled
        return sums.begun(self.folder / layout.SUMS, wanted)

    def faults(self) -> list[str]:
        """Every damage there is, after every stored byte was read."""
        return [str(error) for error in self.damaged(self.decoded).values()]

    def require_whole(self) -> None:
        """Refuse where a look shows that a partial is missing or has another size.

        Raises:
            StateError: One is; the message gives each.
        """
        if faults := self.damaged(self._stamp):
            raise StateError("\n".join(map(str, faults.values())))

    def damaged(self, check: Callable[[StoredPartial], object]) -> dict[str, DamageError]:
        """What a check has to say against partials, by the content that each holds, by day."""
        found = {}
        for stored in sorted(self.manifest.partials.values(), key=lambda stored: stored.partial):
            try:
                check(stored)
            except DamageError as error:
                found[stored.content] = error
        return found

    def decoded(self, stored: StoredPartial) -> Decoded:
        """A partial as its file holds it, held to what the manifest says of it.

        Raises:
            DamageError: It is missing or damaged.
        """
        path = self.folder / layout.PARTIALS / stored.partial
        try:
            decoded = partials.read(path, stored.sha256)
        except StateError as error:
            raise self._fault(stored, str(error)) from error
        if decoded.footer.get("content") != stored.content:
            raise self._fault(stored, f"{path}: sums another file than the manifest says.")
        return decoded

    def logs_of(self, content: str) -> str:
        """The names and days of the files that hold these bytes."""
        return " and ".join(
            f"{shown(file.name)} ({file.day or 'no day'})"
            for file in self.files()
            if file.content == content
        )

    def _load(self, wanted: Iterable[StoredPartial]) -> Generator[Partial]:
        tasks = (partial(self._summed, stored) for stored in wanted)
        return ordered(tasks, self.threads, self.threads)

    def _load_compact(
        self, files: Iterable[tuple[StoredFile, StoredPartial]]
    ) -> Generator[CompactSum]:
        tasks = (partial(self._summed_compactly, file, stored) for file, stored in files)
        return ordered(tasks, self.threads, 1)  # they are large

    def _summed_compactly(self, file: StoredFile, stored: StoredPartial) -> CompactSum:
        return CompactSum.of(self._summed(stored), file.day)

    def _summed(self, stored: StoredPartial) -> Partial:
        return self.decoded(stored).partial

    def _stamps(self, files: Iterable[tuple[StoredFile, StoredPartial]]) -> Stamps:
        """When each partial was last changed; so that none is missing is seen before any is read.

        Raises:
            StateError: One is missing, or has another size.
        """
        return {_name(file, stored): self._stamp(stored) for file, stored in files}

    def _stamp(self, stored: StoredPartial) -> int:
        path = self.folder / layout.PARTIALS / stored.partial
        try:
            stat = path.stat()
        except OSError as error:
            raise self._fault(stored, f"{path}: cannot be read: {error.strerror}.") from error
        if stat.st_size != stored.partial_bytes:
            raise self._fault(stored, f"{path}: damaged; it has another size.")
        return stat.st_mtime_ns

    def _fault(self, stored: StoredPartial, what: str) -> DamageError:
        how = " with --devices" if stored.devices else ""
        return DamageError(
            f"{what} It holds {self.logs_of(stored.content)}.",
            "Restore the whole folder from a backup; or take this out and ingest the log again"
            f"{how}: engagement state remove {self.quoted} {stored.partial}",
        )


def _name(file: StoredFile, stored: StoredPartial) -> str:
    """What tells what a partial adds to a sum from all else: its file, and its day."""
    return f"{stored.partial} {file.day}"


def _groups(partials_: Iterable[StoredPartial]) -> int:
    return sum(stored.groups for stored in partials_)


@contextmanager
def reading(folder: Path, threads: int) -> Iterator[Generation]:
    """The newest generation of a state; it stays whole until the block ends.

    Args:
        folder: The state.
        threads: How many threads read partials.

    Raises:
        StateError: There is no state, or it is damaged, foreign, or of a newer format.
    """
    layout.refuse_strangers(folder)
    layout.refuse_no_state(folder)
    with lock.reading_shared(folder):
        yield Generation(folder, manifest.read(folder / layout.MANIFEST), threads)


def _pays(groups: int) -> bool:
    return groups >= _PAYS_FROM_GROUPS and kernel.available()


def _sum_of(parts: Iterable[Partial], groups: int) -> Partial:
    """The sum of partials, which have so many groups in all."""
    total = Sum(compiled=_pays(groups))
    for part in parts:
        total.add(part)
    return total.total()


def _day(text: str) -> str | None:
    """The day that a text writes, if it writes one."""
    with suppress(UsageError):
        return str(parse_day(text))
    return None


def _order(file: StoredFile) -> tuple[bool, str, tuple[tuple[int, str], ...]]:
    return file.day is not None, str(file.day), natural_key(file.name)
