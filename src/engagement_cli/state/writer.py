"""The one writer of a state: each change is there whole when its call returns, or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engagement_cli import durable
from engagement_cli.schema import RULES_VERSION
from engagement_cli.state import layout, lock, manifest, partials
from engagement_cli.state.generation import Generation
from engagement_cli.state.manifest import StoredFile, StoredPartial
from engagement_cli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from engagement_cli.aggregate import Partial
    from engagement_cli.tally import Tally


class Writer(Generation):
    """A state that nobody else changes; its generation moves on with each change."""

    def commit(self, file: StoredFile, part: Partial, tally: Tally, source_bytes: int) -> None:
        """Store a file and the sums of its lines, in the place of what its name stood for.

        Raises:
            OutputError: It cannot be written; what was stored still stands.
            StateError: What was written does not read back as it was.
        """
        added = [] if self.knows(file.content) else [self._write(file, part, tally, source_bytes)]
        self._change({**self.manifest.files, file.name: file}, added)

    def remove(self, names: Iterable[str]) -> None:
        """Take files out.

        Raises:
            OutputError: It cannot be written; what was stored still stands.
        """
        gone = set(names)
        self._change({n: file for n, file in self.manifest.files.items() if n not in gone}, [])

    def _write(
        self, file: StoredFile, part: Partial, tally: Tally, source_bytes: int
    ) -> StoredPartial:
        encoded = partials.encode(
            part,
            {
                "format": manifest.FORMAT,
                "name": file.name,
                "day": str(file.day) if file.day else None,
                "content": file.content,
                "source_bytes": source_bytes,
                "tally": asdict(tally),
                "rules": RULES_VERSION,
                "tool": __version__,
                "ingested": datetime.now(UTC).isoformat(timespec="seconds"),
            },
        )
        path = self.folder / layout.PARTIALS / encoded.file_name(str(file.day or layout.UNDATED))

        def reads_back(aside: Path) -> None:
            partials.read(aside, encoded.sha256)

        with (
            durable.told(str(path)),
            durable.replacing(path, manifest.FILE_MODE, reads_back) as stream,
        ):
            stream.write(encoded.data)
        return record(path.name, encoded.data.size, encoded.sha256, encoded.footer)

    def _change(self, files: dict[str, StoredFile], added: Iterable[StoredPartial]) -> None:
        following = self.manifest.following(files, added)
        with durable.told(str(self.folder)):
            manifest.write(self.folder / layout.MANIFEST, following)
        is_rubbish = self.manifest.partials.keys() - following.partials.keys()
        self.manifest = following
        if is_rubbish:
            layout.clear(self.folder, following)


@contextmanager
def writing(folder: Path, timeout: float, threads: int) -> Iterator[Writer]:
    """A state to change; made if there is none.

    Args:
        folder: The state.
        timeout: Seconds to wait for another writer to end.
        threads: How many threads read partials.

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
        current = manifest.read(path)
        layout.clear(folder, current)
        yield Writer(folder, current, threads)


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
    )
