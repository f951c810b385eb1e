"""Memory that files are read into.

It begins where a page does. Some processors (AMD's Zen 3 and 4) copy the pages of a file four times
as slowly to what lies a few bytes behind the beginning of a page, and that is where a large
allocation begins.
"""

from __future__ import annotations

import numpy as np

PAGE_BYTES = 4096


def next_page(buffer: bytearray) -> int:
    """Where in a buffer the first page begins that is not its first byte's; 1 at least."""
    return PAGE_BYTES - int(np.frombuffer(buffer, np.uint8).ctypes.data) % PAGE_BYTES


def page_aligned(size: int) -> memoryview:
    """Room for so many bytes."""
    room = bytearray(size + PAGE_BYTES)
    return memoryview(room)[next_page(room) :][:size]
