"""The one writer of a state: each change is there whole when its call returns, or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engagement_cli import durable
from engagement_cli.errors import StateError
from engagement_cli.schema import RULES_VERSION
from engagement_cli.state import device_files, device_sets, layout, lock, manifest, partials
from engagement_cli.state.generation import Generation
from engagement_cli.state.manifest import StoredFile, StoredPartial
from engagement_cli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from engagement_cli.aggregate import Partial
    from engagement_cli.devices import Devices
    from engagement_cli.state.manifest import StoredDevices
    from engagement_cli.state.partials import Decoded, Encoded
    from engagement_cli.tally import Tally


class Writer(Generation):
    """A state that nobody else changes; its generation moves on with each change."""

    _key: bytes | None = None

    def commit(
        self,
        file: StoredFile,
        part: Partial,
        tally: Tally,
        source_bytes: int,
        instead_of: Collection[str] = (),
        *,
        devices: Devices | None = None,
    ) -> bool:
        """Store a file and the sums of its lines, in the place of what its name stood for.

        Args:
            file: The file.
            part: The sums of its lines.
            tally: What became of its lines.
            source_bytes: How long it is, as stored.
            instead_of: Other names of the same file, which go.
            devices: The devices that its lines name, if they are asked for. Those that are stored
                of the same bytes stay also where they are not.

        Returns:
            Whether these bytes were stored and damaged, and are now mended.

        Raises:
            OutputError: It cannot be written, or does not read back; what was stored still stands.
        """
        files = {n: of for n, of in self.manifest.files.items() if n not in instead_of}
        files[file.name] = file
        added = self._relabelled(files, besides=file.content)
        was_damaged = False
        if not self._differs_in_look_alone(file, devices=devices is not None):
            knows = self.knows(file.content)
            kept = self._whole(file.content) if knows else None
            was_damaged = knows and kept is None
            if self._ahead and not knows:
                self._ahead.add(file.content, file.day, part)
            lacks = devices is not None and not self.knows(file.content, devices=True)
            if kept is None or lacks:
                facts = {
                    "source_bytes": source_bytes,
                    "tally": asdict(tally),
                    "rules": RULES_VERSION,
                    "tool": __version__,
                    "ingested": datetime.now(UTC).isoformat(timespec="seconds"),
                }
                added.append(self._write(file, part, facts, self._written(file, devices)))
            elif not _names_one_of(files, kept.footer):
                added.append(self._anew(file, kept))
        self._change(files, added)
        return was_damaged

    def remove(self, names: Iterable[str]) -> None:
        """Take files out.

        Raises:
            OutputError: It cannot be written; what was stored still stands.
        """
        gone = set(names)
        files = {n: file for n, file in self.manifest.files.items() if n not in gone}
        self._change(files, self._relabelled(files))

    def begin_devices(self) -> None:
        """Get ready to store devices, before any log is read for them.

        Raises:
            StateError: Their key is lost.
            OutputError: It cannot be written.
        """
        with durable.told(str(self.folder)):
            layout.make_folder_of_devices(self.folder)
            self._key = device_sets.key_of(self)

    def _differs_in_look_alone(self, file: StoredFile, *, devices: bool) -> bool:
        before = self.manifest.files.get(file.name)
        return (
            before is not None
            and replace(before, look=file.look) == file
            and self.knows(file.content, devices=devices)
        )

    def _whole(self, content: str) -> Decoded | None:
        """The stored partial of a content, if it is not damaged."""
        try:
            return self.decoded(self.manifest.partials[content])
        except StateError:
            return None

    def _relabelled(
        self, files: Mapping[str, StoredFile], besides: str | None = None
    ) -> list[StoredPartial]:
        """The partials that say a file that goes, anew for another file with the same bytes.

        So the manifest can be made anew from them. One that is damaged stays as it is.
        """
        going = {of.content for name, of in self.manifest.files.items() if files.get(name) != of}
        anew = []
        for content in sorted(going - {besides}):
            heir = next((of for _, of in sorted(files.items()) if of.content == content), None)
            kept = self._whole(content) if heir else None
            if heir and kept and not _names_one_of(files, kept.footer):
                anew.append(self._anew(heir, kept))
        return anew

    def _anew(self, file: StoredFile, kept: Decoded) -> StoredPartial:
        """A stored partial for another file with the same bytes."""
        devices = self.manifest.partials[file.content].devices
        return self._write(file, kept.partial, kept.footer, devices)

    def _write(
        self,
        file: StoredFile,
        part: Partial,
        facts: Mapping[str, Any],
        devices: StoredDevices | None,
    ) -> StoredPartial:
        facts = {name: fact for name, fact in facts.items() if name != "devices"}
        if devices:
            facts["devices"] = asdict(devices)
        encoded = partials.encode(
            part,
            {
                **facts,
                "format": manifest.FORMAT,
                "generation": self.manifest.generation + 1,
                "name": file.name,
                "day": str(file.day) if file.day else None,
                "content": file.content,
            },
        )
        name = self._put(file, layout.PARTIALS, encoded, partials.read_back)
        return record(name, encoded.data.size, encoded.sha256, encoded.footer)

    def _written(self, file: StoredFile, devices: Devices | None) -> StoredDevices | None:
        """The devices of a file, stored."""
        if devices is None:
            return None
        assert self._key is not None, "begin_devices comes first"
        encoded = device_files.encode(devices, self._key, file.content)
        name = self._put(file, layout.DEVICES, encoded, device_files.read_back)
        return device_files.record(name, encoded)

    def _put(
        self,
        file: StoredFile,
        place: str,
        encoded: Encoded,
        read_back: Callable[[Path, Encoded], object],
    ) -> str:
        """Write what a file holds, read it back, and put it in its place; its name there."""
        path = self.folder / place / encoded.file_name(str(file.day or layout.UNDATED))

        def reads_back(aside: Path) -> None:
            try:
                read_back(aside, encoded)
            except StateError as error:
                raise durable.misread(path) from error

        with (
            durable.told(str(path)),
            durable.replacing(path, manifest.FILE_MODE, reads_back) as stream,
        ):
            stream.write(encoded.data)
        return path.name

    def _change(self, files: dict[str, StoredFile], added: Iterable[StoredPartial]) -> None:
        following = self.manifest.following(files, added)
        with durable.told(str(self.folder)):
            manifest.write(self.folder / layout.MANIFEST, following)
        lock.note_newest(self.folder, following.generation)
        is_rubbish = _names(self.manifest) - _names(following)
        self.manifest = following
        if is_rubbish:
            layout.clear(self.folder, following)


@contextmanager
def writing(folder: Path, timeout: float, threads: int, *, whole: bool = True) -> Iterator[Writer]:
    """A state to change; made if there is none.

    Args:
        folder: The state.
        timeout: Seconds to wait for another writer to end.
        threads: How many threads read partials.
        whole: Whether to refuse a state with missing partials, as all but mending does.

    Raises:
        ConflictError: Another writer did not end in time.
        StateError: The state is damaged, foreign, or of a newer format.
        OutputError: It cannot be made or written.
    """
    layout.refuse_strangers(folder)
    with durable.told(str(folder)):
        layout.make_folders(folder)
    with lock.writing_alone(folder, timeout):
        path = folder / layout.MANIFEST
        with durable.told(str(folder)):
            if not path.exists():
                layout.begin(folder)
        state = Writer(folder, manifest.read(path), threads)
        take_over(folder, state.manifest)
        if whole:
            state.require_whole()
        try:
            yield state
        except BaseException:
            state.settle()
            raise


def take_over(folder: Path, current: manifest.Manifest) -> None:
    """Make sure of what the writer before left, which may have been stopped before it did.

    Raises:
        StateError: The manifest is older than what stands beside it.
        OutputError: The disk does not confirm what stands there.
    """
    layout.refuse_older_manifest(folder, current)
    with durable.told(str(folder)):  # or "unchanged" would be said of what is not yet durable
        for place in (folder / layout.DEVICES, folder / layout.PARTIALS, folder):
            if place.is_dir():
                durable.confirm(place)
    layout.make_private(folder)
    lock.note_newest(folder, current.generation)
    layout.clear(folder, current)


def record(name: str, size: int, sha256: str, footer: dict[str, Any]) -> StoredPartial:
    """What the manifest says of a partial, taken from the footer of its file.

    Raises:
        KeyError: The footer does not say what it must.
        ValueError: It says what cannot be.
    """
    return StoredPartial(
        content=footer["content"],
        partial=name,
        partial_bytes=size,
        sha256=sha256,
        source_bytes=footer["source_bytes"],
        tally=manifest.tally_of(footer["tally"]),
        groups=footer["groups"],
        contracts=footer["contracts"],
        seconds=footer["seconds"],
        rules=footer["rules"],
        tool=footer["tool"],
        ingested=footer["ingested"],
        devices=manifest.devices_of(footer),
    )


def _names_one_of(files: Mapping[str, StoredFile], footer: Mapping[str, Any]) -> bool:
    """Whether a footer says one of these files, its name, day and content."""
    file = files.get(footer["name"])
    return file is not None and (file.day and str(file.day), file.content) == (
        footer["day"],
        footer["content"],
    )


def _names(of: manifest.Manifest) -> set[str]:
    return {stored.partial for stored in of.partials.values()}
