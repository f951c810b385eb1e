"""Arrays to lines: the objects of an array are cut apart by their brackets, unread.

A :class:`Cutter` finds where each object ends without a look at what it says, as the way through
documents in Python does, and a hundred times as fast. What is no object, or goes on behind the text
at hand, is left to that.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np

from engagement_cli.kernel import native
from engagement_cli.kernel.layout import PADDING, Cut, Place

_SHORTEST = len(b"{},")


class Objects(NamedTuple):
    """Objects that were cut out.

    Attributes:
        text: One a line, without the last newline; line ends in them became tabs.
        places: The line and the byte at which each began, one behind the other.
        end: Where the last one ended in the text that it was cut out of.
        line: The line of that.
    """

    text: bytes
    places: array[int]
    end: int
    line: int


class Cutter:
    """Cuts one document, window by window."""

    def __init__(self) -> None:
        self._cut = native.loop("cut_objects")
        self._out = np.empty(0, np.uint8)
        self._places = np.empty((0, len(Place)), np.int64)

    def objects(self, data: bytes, start: int, line: int, before: int) -> Objects | None:
        """Cut the objects that begin at ``start``, with commas between them; None without any.

        Args:
            data: Part of a document.
            start: Where an element of an array may begin in it, white space before it included.
            line: The line of ``start`` in the document.
            before: Where ``data`` begins in the document.
        """
        size = len(data) - start
        if size <= PADDING:
            return None
        self._reserve(size)
        state = np.zeros(len(Cut), np.uint64)
        state[Cut.LINE] = line
        text = np.frombuffer(data, np.uint8)[start:]
        most = len(self._places)
        count = self._cut(text, size, before + start, self._out, self._places, most, state)
        if not count:
            return None
        end, line, written = state.tolist()
        places = array("q", self._places[:count].tobytes())
        return Objects(self._out[: written - 1].tobytes(), places, start + end, line)

    def _reserve(self, size: int) -> None:
        """Have room for so many bytes cut into as many objects as can be."""
        if len(self._out) < size + PADDING:
            self._out = np.empty(size + PADDING, np.uint8)
            self._places = np.empty((size // _SHORTEST + 1, len(Place)), np.int64)
