"""A state and the logs that go into it, for tests that ask what comes out."""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

from hostile_lines import hit
from program import Result, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

HEADER = "Contract,TVDuration,MovieDuration,ChildDuration,RelaxDuration,SportDuration"
COLUMN_OF = {"CHANNEL": 0, "KPLUS": 0, "VOD": 1, "CHILD": 2, "RELAX": 3, "SPORT": 4}
LONG_AGO_NS = 1_600_000_000 * 10**9

Lines = tuple[tuple[str, str, int], ...]
"""Contract, app and seconds of each line of a log."""


def log_of(lines: Iterable[tuple[str, str, int]]) -> bytes:
    """A log of hits."""
    return b"".join(
        hit(json.dumps(contract), str(seconds), json.dumps(app)) + b"\n"
        for contract, app, seconds in lines
    )


def csv_of(logs: Iterable[Lines]) -> bytes:
    """What an export of these logs must be."""
    rows: dict[str, list[int]] = {}
    for contract, app, seconds in (line for lines in logs for line in lines):
        if app in COLUMN_OF:
            rows.setdefault(contract, [0] * 5)[COLUMN_OF[app]] += seconds
    texts = [HEADER, *(",".join(map(str, [name, *rows[name]])) for name in sorted(rows))]
    return ("\n".join(texts) + "\n").encode()


def settle(*paths: Path) -> None:
    """Date files long ago, and wait until the clock of their last change is past, too."""
    for path in paths:
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    time.sleep(2.1)


def flipped(path: Path, at: int, bit: int) -> None:
    """Turn one bit of a file, as bad memory does: its time of change does not tell."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


@contextmanager
def rotten_disk() -> Iterator[None]:
    """A disk that turns a byte of each file that is written through to it."""

    def fsync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.pwrite(descriptor, b"?", 9)

    with mock.patch.object(os, "fsync", fsync):
        yield


class Place(NamedTuple):
    """A folder with logs, a state, and a place for results."""

    folder: Path

    @property
    def logs(self) -> Path:
        """Where logs are."""
        return self.folder / "logs"

    @property
    def state(self) -> Path:
        """Where the state is."""
        return self.folder / "state"

    def log(self, name: str, lines: Lines | bytes) -> Path:
        """Put a log in its place."""
        path = self.logs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lines if isinstance(lines, bytes) else log_of(lines))
        return path

    def ingest(self, *options: object) -> Result:
        """Ingest all logs."""
        return run("ingest", "-i", self.logs, "--state", self.state, *options)

    def told(self, *options: object) -> dict[str, Any]:
        """Ingest all logs; what it says it did."""
        summary = self.folder / "ingested.json"
        result = self.ingest("-q", "--summary", summary, *options)
        assert result.status == 0, result.err
        told: dict[str, Any] = json.loads(summary.read_bytes())
        return told

    def export(self, *options: object) -> bytes:
        """What the state gives."""
        result = run("export", "-q", "--state", self.state, "-o", "-", *options)
        assert result.status == 0, result.err
        return result.out

    def plain(self, *options: object) -> bytes:
        """What a run without state gives of the logs that are there."""
        result = run("run", "-q", "-i", self.logs, "-o", "-", *options)
        assert result.status == 0, result.err
        return result.out

    def ask(self, command: str, *options: object) -> Any:
        """What a command of ``engagement state`` answers in JSON."""
        result = run("state", command, self.state, *options, "--json")
        assert result.status == 0, result.err
        return json.loads(result.out)

    @property
    def partials(self) -> Sequence[Path]:
        """The files of partials."""
        return sorted((self.state / "partials").iterdir())
