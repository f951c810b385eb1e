"""Lines to rows: what the shapes match becomes words, the rest is named for the strict reader.

A :class:`Scanner` compares each line with the shapes of its file, 32 bytes a step, and writes down
the contract, app and seconds that stand between the literal pieces. A line that fits is valid by
the strict rules and means what the strict reader would say. Everything else, blank lines too, is
given back byte for byte.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engagement_cli.kernel import native
from engagement_cli.kernel.layout import (
    MAX_APPS,
    PACKED_BYTES,
    PADDING,
    STEP_WORDS,
    TAG_SHIFT,
    App,
    Extra,
    Row,
    Run,
    Scan,
)
from engagement_cli.kernel.shapes import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words
    from engagement_cli.kernel.shapes import Shape

_LITERAL_BYTES = 32
_APP_SLOTS = 4096
MAX_KNOWN_APPS = 1024
"""Apps that one scanner tells apart; lines of further ones go to the strict reader."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What became of the lines of one block: ``lines = len(rows) + lines in runs``.

    Attributes:
        rows: Words of the matched lines in order, shape (n, 4), as :class:`~.layout.Row` says.
        runs: Stretches of unmatched lines in order, shape (k, 3): first byte, byte behind the last,
            and lines of the block before it. Newlines are part of a stretch.
        lines: Lines of the block.
        over_day: Matched lines of more than 86,400 seconds.
        extras: Mac and place of the ``_id`` of each row, shape (n, 4), when asked for.
    """

    rows: Words
    runs: Words
    lines: int
    over_day: int
    extras: Words | None


class Scanner:
    """The way through the blocks of one file, for one thread at a time.

    Args:
        shapes: Shapes of the file, from :func:`~.shapes.learn`.
        app_code: Gives the code of an app, from 0, always the same for the same name. Asked when a
            name first occurs in a matched line.
        mac: Whether to read ``Mac``; a line without one of up to 16 bytes then does not match.
        hit_id: Whether to tell where ``_id`` stands; a line without one then does not match.
    """

    def __init__(
        self,
        shapes: Sequence[Shape],
        app_code: Callable[[str], int],
        *,
        mac: bool = False,
        hit_id: bool = False,
    ) -> None:
        self._scan = native.loop("scan")
        wanted = {Kind.MAC: mac, Kind.ID: hit_id}
        needed = {kind for kind, want in wanted.items() if want}
        fitting = [shape for shape in shapes if needed <= set(shape.kinds)]
        self._steps, self._bounds = _steps(fitting, {k for k, want in wanted.items() if not want})
        self._shortest = min((sum(map(len, shape.pieces)) for shape in fitting), default=1 << 62)
        self._has_extras = bool(needed)
        self._rows = self._extras = self._runs = np.empty((0, 4), np.uint64)
        self._app_code = app_code
        self._apps = np.zeros((_APP_SLOTS, len(App)), np.uint64)
        self._known_apps = 0
        self._state = np.zeros(len(Scan), np.uint64)
        if any(Kind.APP not in shape.kinds for shape in fitting):
            self._state[Scan.NAMELESS] = _tag(app_code(""))

    def scan(self, buffer: NDArray[np.uint8], size: int) -> Scanned:
        """Scan the whole lines ``buffer[:size]``.

        Args:
            buffer: Contiguous, with at least ``PADDING`` more bytes behind ``size``, of any value.
                When the last line has no newline one is written behind it, and a zero behind that.
            size: Bytes to scan.

        Returns:
            Arrays that outlive the buffer, but not the next scan.
        """
        if buffer.dtype != np.uint8 or len(buffer) < size + PADDING:
            raise ValueError(f"a buffer of {len(buffer)} bytes cannot hold {size} and the padding")
        whole = size
        if size and buffer[size - 1] != ord("\n"):
            buffer[size] = ord("\n")
            whole += 1
        buffer[whole] = 0  # no shape goes on behind the last line, whatever stood there
        self._reserve(whole // self._shortest + 1)
        rows, extras, runs, state = self._rows, self._extras, self._runs, self._state
        state[[Scan.POSITION, Scan.ROWS, Scan.LINES, Scan.OVER_DAY, Scan.RUNS]] = 0
        while self._scan(
            buffer, whole, self._steps, self._bounds, len(self._bounds) - 1,
            self._apps, _APP_SLOTS, rows, extras, runs, state,
        ):  # fmt: skip
            start, length = int(state[Scan.APP_START]), int(state[Scan.APP_LENGTH])
            self._learn_app(buffer[start : start + length].tobytes())
        n_rows, n_runs = int(state[Scan.ROWS]), int(state[Scan.RUNS])
        np.minimum(runs[:n_runs, Run.STOP], size, out=runs[:n_runs, Run.STOP])
        return Scanned(
            rows[:n_rows],
            runs[:n_runs],
            int(state[Scan.LINES]),
            int(state[Scan.OVER_DAY]),
            extras[:n_rows] if len(extras) else None,
        )

    def _reserve(self, capacity: int) -> None:
        """Have room for so many rows, and for as many runs as can lie between them."""
        if capacity > len(self._rows):
            self._rows = np.empty((capacity, len(Row)), np.uint64)
            self._extras = np.empty((capacity * self._has_extras, len(Extra)), np.uint64)
            self._runs = np.empty((capacity + 1, len(Run)), np.uint64)

    def _learn_app(self, name: bytes) -> None:
        """Enter an app where the loops look for it: from its hash on, in the first free slot."""
        hi, lo = packed(name)
        slot = _hash(hi, lo) % _APP_SLOTS
        while self._apps[slot, App.TAG]:
            slot = (slot + 1) % _APP_SLOTS
        self._apps[slot] = hi, lo, _tag(self._app_code(name.decode()))
        self._known_apps += 1
        self._state[Scan.APPS_FULL] = self._known_apps >= MAX_KNOWN_APPS


def packed(text: bytes) -> tuple[int, int]:
    """Return up to 16 bytes as two big-endian words, zero padded."""
    padded = text.ljust(PACKED_BYTES, b"\0")
    return int.from_bytes(padded[:8], "big"), int.from_bytes(padded[8:], "big")


def _hash(hi: int, lo: int) -> int:
    """Compute ``simd.hash_words``."""
    word = (hi * 0x9E3779B97F4A7C15 + (lo << 32 | lo >> 32)) % 2**64
    word = (word ^ word >> 32) * 0xD6E8FEB86659FD93 % 2**64
    return word ^ word >> 32


def _tag(app: int) -> int:
    """Return the tag of one line of an app."""
    if not 0 <= app < MAX_APPS:
        raise ValueError(f"app code {app} does not fit a tag")
    return app << TAG_SHIFT | 1


def _steps(shapes: Sequence[Shape], ignored: set[Kind]) -> tuple[Words, Words]:
    """Return the steps of all shapes in one array, and the bounds of each shape in it."""
    steps: list[bytes] = []
    bounds = [0]
    for shape in shapes:
        for piece, field in zip(shape.pieces, (*shape.kinds, Kind.NOTHING), strict=True):
            kind = Kind.TEXT if field in ignored else field
            *whole, last = (
                piece[i : i + _LITERAL_BYTES] for i in range(0, len(piece), _LITERAL_BYTES)
            )
            steps += [_step(part, Kind.NOTHING) for part in whole] + [_step(last, kind)]
        bounds.append(len(steps))
    words = np.frombuffer(b"".join(steps), np.uint64)
    return words.reshape(-1, STEP_WORDS), np.array(bounds, np.uint64)


def _step(literal: bytes, kind: Kind) -> bytes:
    mask = (1 << len(literal)) - 1
    return struct.pack("=32s4Q", literal, mask, len(literal), kind, 0)
