"""Rejected lines kept as NDJSON: file, line, byte, reason, and the start of the text."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engagement_cli.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from engagement_cli.parse.rules import Reject
    from engagement_cli.sources.discover import Source


@contextmanager
def keeping_rejects(target: str) -> Iterator[Callable[[Source, Sequence[Reject]], None]]:
    """A function that keeps rejects, in a file that is put in place when the block ends.

    Raises:
        OutputError: The file cannot be written; what stood there still stands.
    """
    encode = json.JSONEncoder(ensure_ascii=False).encode
    with replacing(target) as file:

        def keep(source: Source, rejects: Sequence[Reject]) -> None:
            rows = (
                {
                    "file": str(source),
                    "line": reject.line,
                    "byte": reject.byte,
                    "reason": reject.reason,
                    "text": reject.text,
                }
                for reject in rejects
            )
            file.write("".join(f"{encode(row)}\n" for row in rows).encode())

        yield keep
