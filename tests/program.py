"""Run the real program: within this process where that is enough, or as a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import engagement_cli
from engagement_cli.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Sequence

OLD = b"the old output\n"
"""What a test writes where an output will stand."""
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Takes from root the power to pass over the permissions of files."""
TARGETS = ["out.csv", "out.csv.gz", "out.csv.zst", "out.parquet", "out.jsonl"]
TOLERANT = ("--max-rejects", "100%")
COMMAND = [sys.executable, "-m", "engagement_cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(engagement_cli.__path__[0]).parent)}


class Result(NamedTuple):
    """What the program left behind: its exit status and what it wrote."""

    status: int
    out: bytes
    err: str


def run(*args: object, stdin: bytes = b"") -> Result:
    """Run ``engagement`` within this process."""
    out = io.TextIOWrapper(io.BytesIO())
    err = io.TextIOWrapper(io.BytesIO(), errors="backslashreplace")  # as Python's own
    argv = ["engagement", *map(str, args)]
    with contextlib.ExitStack() as stack:
        given = stack.enter_context(tempfile.TemporaryFile())
        given.write(stdin)
        given.seek(0)
        streams = {"stdin": io.TextIOWrapper(given), "stdout": out, "stderr": err}
        for name, stream in {**streams, "argv": argv}.items():
            stack.enter_context(mock.patch.object(sys, name, stream))
        status = _exit_status()
        out.flush()
        err.flush()
    return Result(status, _bytes(out), _bytes(err).decode())


def run_process(*args: object, under: Sequence[str] = ()) -> Result:
    """Run ``engagement`` as a process of its own, perhaps under another command."""
    done = subprocess.run(
        [*under, *COMMAND, *map(str, args)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=ENVIRONMENT,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr.decode())


def run_bound(*args: object) -> Result:
    """Run as a process that permissions bind, which they do not while it may override them."""
    return run_process(*args, under=UNPRIVILEGED if os.geteuid() == 0 else [])


def summarised(folder: Path, *args: object) -> tuple[Result, dict[str, Any]]:
    """Run ``engagement run`` with an account written beside, and read that account."""
    path = folder / "summary.json"
    result = run("run", *args, "--summary", path, "-q")
    return result, json.loads(path.read_bytes()) if path.exists() else {}


def verdicts(account: dict[str, Any]) -> dict[str, Any]:
    """The part of an account that follows from the lines alone, in the oracle's form."""
    same = [
        "files",
        "lines",
        "accepted",
        "filtered",
        "rejected",
        "blank",
        "rejected_by_reason",
        "over_86400",
        "contracts",
    ]
    return {
        **{key: account[key] for key in same},
        "categories": {
            row["column"]: {"contracts": row["contracts"], "seconds": row["seconds"]}
            for row in account["categories"]
        },
        "unmapped": {
            row["app"]: {"lines": row["lines"], "seconds": row["seconds"]}
            for row in account["unmapped"]
        },
    }


def one_line(result: Result, status: int, *words: str) -> None:
    """The run failed with this status and one line on stderr, which holds these words."""
    assert result.status == status, result.err
    assert result.out == b""
    assert result.err.endswith("\n")
    assert result.err.count("\n") == 1, result.err
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err


def untouched(out: Path) -> None:
    """The old output stands as it was, and nothing stands beside it."""
    assert out.read_bytes() == OLD
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def _exit_status() -> int:
    try:
        main()
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def _bytes(stream: io.TextIOWrapper) -> bytes:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue()
