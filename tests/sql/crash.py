"""A load in a process of its own that may kill itself.

Run as ``crash.py URL TABLE MODE BATCHES``.
It loads the large frame with one second more in each cell, and dies after so many batches; with
0 batches it runs to its end. It writes a line at each batch.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engagement_cli.sinks.sql import SqlTarget, load, parse_url
from sql.frames import large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sql.servers import Place


@contextmanager
def loader(
    place: Place, mode: str, *, batches: int, **environ: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A load in another process, which dies after so many batches."""
    roots = [str(Path(__file__).parent.parent), *sys.path]
    process = subprocess.Popen(
        [sys.executable, __file__, place.url, place.table, mode, str(batches)],
        env={**os.environ, **environ, "PYTHONPATH": os.pathsep.join(filter(None, roots))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def main(url: str, table: str, mode: str, batches: str) -> None:
    done = 0

    def progress(rows: int) -> None:
        nonlocal done
        done += 1
        sys.stdout.write(f"{rows}\n")
        sys.stdout.flush()
        if done == int(batches):
            os.kill(os.getpid(), signal.SIGKILL)

    target = SqlTarget(parse_url(url), table, mode, lock_timeout=30)  # type: ignore[arg-type] # from argv
    load(large(shift=1), target, progress=progress)


if __name__ == "__main__":
    main(*sys.argv[1:])
