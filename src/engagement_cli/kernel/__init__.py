"""The fast way from lines to sums, compiled; the rest of the program works without it.

    shapes = learn(head, "hits")                    what the lines of a file have in common
    scanner = Scanner(shapes, apps.code)            one for each thread and file
    scanned = scanner.scan(buffer, size)            a block -> rows, and runs for the strict reader
    cutter.objects(data, start, line, before)       objects of an array, one a line
    totals.add(scanned.rows)                        from any thread
    totals.drain(jobs=2)                            sums by contract and app, in order

Importing this package costs nothing; ask :func:`available` before using what is named here.
``docs/kernel.md`` explains how it works.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engagement_cli.kernel.native import Group

SWITCH = "ENGAGEMENT_NO_KERNEL"
"""Environment variable that, when set and not empty, keeps the kernel out of use."""

PAYS_FROM_BYTES = 8 * 1024 * 1024
"""The size of an input from which on loading the machine code pays."""


def available(group: Group = "lines") -> bool:
    """Whether a part of the kernel can be used here: nobody switched it off, and its code loads.

    The first call loads it, in 0.06 s; on a machine that has none yet it is compiled, in seconds.
    """
    return not os.environ.get(SWITCH) and sys.byteorder == "little" and _loads(group)


@cache
def _loads(group: Group) -> bool:
    try:
        from engagement_cli.kernel import native  # noqa: PLC0415 # most runs do without

        native.load(group)
    except Exception:  # whatever is wrong with a compiler, the strict way works
        return False
    return True
