"""What stands aside: a living writer's is left alone, a killed one's is cleared by the next run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from engagement_cli.durable import ASIDE, folder_aside, replacing
from program import COMMAND, ENVIRONMENT, run

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys, time
from pathlib import Path
from engagement_cli.durable import folder_aside, replacing
path = Path(sys.argv[2])
with folder_aside(path) if sys.argv[1] == "folder" else replacing(path, 0o600):
    print(flush=True)
    time.sleep(60)
"""


def asides(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(ASIDE)]


@pytest.fixture(params=["file", "folder"])
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that writes ``out`` and does not come to an end."""
    command = [sys.executable, "-c", WRITER, request.param, str(tmp_path / "out")]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


def write(path: Path) -> None:
    with replacing(path, 0o600) as file:
        file.write(b"new")
    with folder_aside(path):
        pass


def test_what_a_killed_writer_left_is_cleared_and_a_living_ones_is_not(
    writer: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    with writer:
        [aside] = asides(tmp_path)
        write(tmp_path / "out")
        assert asides(tmp_path) == [aside]
        writer.send_signal(signal.SIGKILL)
    write(tmp_path / "other")
    assert asides(tmp_path) == [aside], "of another file"
    write(tmp_path / "out")
    assert asides(tmp_path) == []


def test_a_run_killed_while_it_writes_leaves_nothing_behind_the_next(
    logs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results" / "out.csv"
    out.parent.mkdir()
    rejects = out.parent / "rejects.ndjson"
    os.mkfifo(logs / "20220409.json")  # the program waits at it for a writer that never comes
    command = [*COMMAND, "run", "-q", "-i", str(logs), "-i", str(logs / "20220409.json")]
    command += ["-o", str(out), "--rejects", str(rejects)]
    with subprocess.Popen(command, env=ENVIRONMENT) as process:
        while not asides(out.parent):
            assert process.poll() is None
        process.kill()
    (logs / "20220409.json").unlink()
    result = run("run", "-q", "-i", logs, "-o", out, "--rejects", rejects)
    assert result.status == 0, result.err
    assert sorted(path.name for path in out.parent.iterdir()) == ["out.csv", "rejects.ndjson"]
