"""Several processes on one state, processes that are stopped, and disks that are full."""

from __future__ import annotations

import fcntl
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from crash_loop import every_fault, random_kills
from engagement_cli.cli.again import _masked
from faults import Call, Fault, program, suffered
from program import COMMAND, ENVIRONMENT, OLD, one_line, run, run_bound
from stored import Lines, Place, csv_of, log_of, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ONE: Lines = (("A1", "CHANNEL", 5), ("B2", "VOD", 7))
TWO: Lines = (("B2", "VOD", 10), ("C" * 30, "SPORT", 2))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.log("20220401.json", ONE)
    assert place.ingest("-q").status == 0
    return place


@contextmanager
def held(place: Place) -> Iterator[None]:
    """The state while another process writes to it."""
    with (place.state / "writer.lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- one writer -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "ingest -q -i {logs} --state {state}",
        "state remove {state} 2022-04-01",
        "state rebuild {state}",
    ],
)
def test_a_second_writer_leaves_with_3(place: Place, command: str) -> None:
    expected = place.export()
    with held(place):
        place.log("20220402.json", TWO)
        args = command.format(logs=place.logs, state=place.state).split()
        one_line(run(*args), 3, "another process", "--lock-timeout")
        assert place.export() == expected
    assert run(*args).status == 0


def test_a_second_writer_waits_as_long_as_it_is_told(place: Place) -> None:
    place.log("20220402.json", TWO)
    with held(place):
        one_line(place.ingest("-q", "--lock-timeout", "0.2"), 3)
        waiting = threading.Thread(target=time.sleep, args=(0.3,))
    waiting.start()
    assert place.ingest("-q", "--lock-timeout", "20").status == 0
    waiting.join()


def test_readers_share_and_do_not_wait_for_a_writer(place: Place) -> None:
    with held(place), (place.state / "readers.lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        assert place.export() == csv_of([ONE])
        assert run("state", "verify", place.state).status == 0


def test_two_processes_at_once_store_all_that_both_were_given(place: Place) -> None:
    other = place.folder / "other"
    other.mkdir()
    for day in range(2, 8):
        name = f"2022040{day}.json"
        lines = log_of(((f"D{day}", "VOD", day),))
        (other / name if day % 2 else place.logs / name).write_bytes(lines)
    waits = ["--state", str(place.state), "--lock-timeout", "60", "-q"]
    processes = [
        subprocess.Popen([*COMMAND, "ingest", "-i", str(logs), *waits], env=ENVIRONMENT)
        for logs in (place.logs, other)
    ]
    assert [process.wait(90) for process in processes] == [0, 0]
    days = [((f"D{day}", "VOD", day),) for day in range(2, 8)]
    assert place.export() == csv_of([ONE, *days])


def test_an_export_sees_one_generation_whole_while_a_day_is_replaced(place: Place) -> None:
    versions: list[Lines] = [(("A1", "VOD", n), ("B2", "CHANNEL", n)) for n in range(10)]
    allowed = {csv_of([version]) for version in [ONE, *versions]}
    stop = threading.Event()
    failed: list[object] = []

    def replace() -> None:
        while not stop.is_set():
            for version in versions:
                place.log("20220401.json", version)
                command = [*COMMAND, "ingest", "-q", "-i", str(place.logs)]
                done = subprocess.run(
                    [*command, "--state", str(place.state)], env=ENVIRONMENT, check=False
                )
                failed.extend([done] if done.returncode else [])
                if stop.is_set():
                    return

    writer = threading.Thread(target=replace)
    writer.start()
    seen = set()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        seen.add(place.export())
    stop.set()
    writer.join()
    assert not failed
    assert seen <= allowed
    assert len(seen) > 1


def test_what_a_reader_still_needs_is_not_cleared(place: Place) -> None:
    [old] = place.partials
    place.log("20220401.json", TWO)
    with (place.state / "readers.lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        place.ingest("-q")
        assert old.exists()
    assert place.export() == csv_of([TWO])
    place.log("20220402.json", ONE)
    place.ingest("-q")
    assert not old.exists()


# --- stopped ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_finished_files_and_says_how_to_go_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    place = Place(tmp_path)
    place.log("20220401.json", ONE)
    endless = place.logs / "20220402.json"
    os.mkfifo(endless)  # the program waits at it for a writer that never comes
    out = tmp_path / "out.csv"
    out.write_bytes(OLD)
    args = ["run", "-i", str(place.logs), "-i", str(endless), "--state", str(place.state)]
    args += ["-o", str(out)]
    with subprocess.Popen([*COMMAND, *args], env=ENVIRONMENT, stderr=subprocess.PIPE) as process:
        manifest = place.state / "manifest.json"
        while not (manifest.exists() and b"20220401" in manifest.read_bytes()):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        assert process.stderr
        told = process.stderr.read().decode()
    assert process.returncode == 130
    assert "1 of 2 files are stored" in told
    assert f"engagement {' '.join(args)}" in told
    assert out.read_bytes() == OLD
    assert place.export() == csv_of([ONE])


def test_an_interrupt_while_python_runs_a_string_ends_the_program_with_130(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from engagement_cli import __main__\n"
        "from engagement_cli.cli import main\n"
        "def run():\n"
        "    try: exec('raise KeyboardInterrupt')\n"
        "    except KeyboardInterrupt: return 130\n"
        "main.run = run\n"
        "sys.argv = ['engagement', 'run']\n"
        "__main__.program()\n"
    )
    (tmp_path / "interrupted.py").write_text(script)
    command = [sys.executable, "-m", "interrupted"]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, check=False)
    assert done.returncode == 130


@pytest.mark.parametrize("where", ["import imported", "Freed()"])
def test_an_interrupt_where_it_would_be_lost_waits(where: str, tmp_path: Path) -> None:
    interrupt = "signal.raise_signal(signal.SIGTERM); print('went on', flush=True)\n"
    (tmp_path / "imported.py").write_text(f"import signal\n{interrupt}")
    script = (
        "import signal, sys, time\n"
        "from engagement_cli import __main__\n"
        "from engagement_cli.cli import main\n"
        "class Freed:\n"
        f"    def __del__(self): {interrupt}"
        "def get_command(*_):\n"
        f"    {where}\n"
        "    time.sleep(60)\n"
        "main._LazyGroup.get_command = get_command\n"
        "sys.argv = ['engagement', 'run']\n"
        "__main__.program()\n"
    )
    command = [sys.executable, "-c", script]
    run = subprocess.run(
        command, cwd=tmp_path, env=ENVIRONMENT, check=False, capture_output=True, timeout=30
    )
    assert (run.returncode, run.stdout) == (130, b"went on\n"), run.stderr


def interrupted(
    waits: Callable[[subprocess.Popen[bytes]], bool], args: list[str], **environment: str
) -> str:
    """Start the program, interrupt it once it ``waits``; what it says."""
    command = [*COMMAND, *args]
    with subprocess.Popen(
        command, env={**ENVIRONMENT, **environment}, stderr=subprocess.PIPE, stdin=subprocess.PIPE
    ) as process:
        while not waits(process):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.stderr
        told = process.stderr.read().decode()
    assert process.returncode == 130, told
    return told


def advised(told: str) -> list[str]:
    """The command to go on with."""
    [command] = [line for line in told.splitlines() if line.startswith("  engagement ")]
    return shlex.split(command)[1:]


def test_an_interrupt_while_it_waits_for_the_lock_says_how_to_go_on(place: Place) -> None:
    place.log("20220402.json", TWO)
    args = ["ingest", "-i", str(place.logs), "--lock-timeout", "60"]

    def waits(process: subprocess.Popen[bytes]) -> bool:
        opened = Path(f"/proc/{process.pid}/fd").iterdir()
        return any(path.resolve() == place.state / "writer.lock" for path in opened)

    with held(place):
        told = interrupted(waits, args, ENGAGEMENT_STATE=str(place.state))
    assert "interrupted; nothing was changed. Go on with:" in told
    assert advised(told) == [*args, "--state", str(place.state)]
    assert run(*advised(told)).status == 0
    assert place.export() == csv_of([ONE, TWO])


def test_an_interrupt_while_the_result_is_written_says_what_is_stored(place: Place) -> None:
    place.log("20220402.json", TWO)
    fifo = place.folder / "out.csv"
    os.mkfifo(fifo)  # the program waits at it for a reader that never comes
    args = ["run", "-i", str(place.logs), "--state", str(place.state), "-o", str(fifo)]

    def waits(_: object) -> bool:
        return b"20220402" in (place.state / "manifest.json").read_bytes()

    told = interrupted(waits, args)
    assert "interrupted; 2 of 2 files are stored and stay so. Go on with:" in told
    assert advised(told) == args


@pytest.mark.parametrize("option", ["", "--figures="])
def test_the_command_that_goes_on_shows_no_password(option: str) -> None:
    url = f"{option}postgresql://me:{quote('s3 cret@', safe='')}@localhost:1/tv"
    assert _masked(url) == f"{option}postgresql://me:***@localhost:1/tv"


def test_an_interrupt_while_standard_input_is_read_says_to_give_it_again(place: Place) -> None:
    args = ["ingest", "-i", "-", "--date", "2022-04-02", "--state", str(place.state)]

    def waits(process: subprocess.Popen[bytes]) -> bool:
        opened = Path(f"/proc/{process.pid}/fd").iterdir()
        return any(path.resolve() == place.state / "writer.lock" for path in opened)

    told = interrupted(waits, args)
    assert advised(told) == args
    assert "Standard input must be given again" in told


def test_a_killed_writer_frees_its_lock(place: Place) -> None:
    held_by = ["flock", "--no-fork", "-x", str(place.state / "writer.lock"), "sleep", "60"]
    with subprocess.Popen(held_by, start_new_session=True) as process:
        while place.ingest("-q").status != 3:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert place.ingest("-q").status == 0


def failing(name: str, number: int, onwards: str = "") -> Fault:
    """A system call that fails."""
    injection = f"{name}:error=EIO:when={number}{onwards}"
    return Fault("EIO", bool(onwards), Call(name, number, True), (injection,))


@pytest.fixture
def strace() -> None:
    if shutil.which("strace") is None:
        if "CI" in os.environ:
            pytest.fail("strace is not installed, and no check may be left out here")
        pytest.skip("strace is not installed")


@pytest.mark.usefixtures("strace")
def test_nothing_is_said_to_be_stored_that_the_disk_does_not_confirm(place: Place) -> None:
    """As after a run that was killed before it had made its last rename durable."""
    settle(place.logs / "20220401.json")
    place.ingest("-q")
    assert "would read 0 files" in place.ingest("--dry-run").err
    ingest = program("ingest", "-q", "-i", place.logs, "--state", place.state)
    ended = suffered(ingest, failing("fsync", 1, "+"), place.folder)
    assert ended is not None
    assert ended.status == 1
    assert "did not confirm" in ended.err


@pytest.mark.usefixtures("strace")
def test_an_output_in_place_that_the_disk_does_not_confirm_is_told_apart(place: Place) -> None:
    out = place.folder / "out.csv"
    out.write_bytes(OLD)
    args = ("export", "-q", "--state", place.state, "-o", out)
    place.export()  # what is summed now is kept, and not written once more
    for number, new in ((1, False), (2, True)):
        ended = suffered(program(*args), failing("fsync", number), place.folder)
        assert ended is not None
        assert ended.status == 1
        assert ("may be the old or the new one" in ended.err) is new
        assert ("still stands" in ended.err) is not new
        assert out.read_bytes() == (csv_of([ONE]) if new else OLD)


@pytest.mark.usefixtures("strace")
def test_no_fault_at_a_system_call_breaks_a_promise(tmp_path: Path) -> None:
    """A sample of them; ``python tests/crash_loop.py`` suffers them all."""
    survived = every_fault(tmp_path, random.Random(), seconds=30)
    assert all(survived[kind] for kind in ("SIGKILL", "EIO", "ENOSPC", "in a recovery"))


def test_no_kill_at_a_random_moment_breaks_a_promise(tmp_path: Path) -> None:
    """A few at a time, until one hits a run at work; ``crash_loop.py --kills 100`` tries more."""
    assert any(random_kills(tmp_path / str(n), random.Random(), 5) for n in range(20))


# --- disks ------------------------------------------------------------------------------------


def test_a_full_disk_fails_the_ingest_and_keeps_what_was_stored(small_disk: Path) -> None:
    place = Place(small_disk)
    log = small_disk.parent / "logs" / "20220401.json"
    log.parent.mkdir()
    log.write_bytes(log_of(ONE))
    args = ["ingest", "-q", "--state", place.state, "-i"]
    assert run(*args, log).status == 0
    large = log.parent / "20220402.json"
    large.write_bytes(log_of((f"{n * n}", "VOD", n) for n in range(20_000)))
    one_line(run(*args, large), 1, "No space left", "Make room")
    assert place.export() == csv_of([ONE])
    assert not [path for path in place.state.rglob(".*") if path.stat().st_size]
    large.write_bytes(log_of(TWO))
    assert run(*args, large).status == 0
    assert place.export() == csv_of([ONE, TWO])


def test_a_full_disk_does_not_hinder_an_export(small_disk: Path) -> None:
    place = Place(small_disk)
    logs = small_disk.parent / "logs"
    logs.mkdir()
    for day, lines in ((1, ONE), (2, TWO)):
        (logs / f"2022040{day}.json").write_bytes(log_of(lines))
    assert run("ingest", "-q", "-i", logs, "--state", place.state).status == 0
    with suppress(OSError), (small_disk / "fill").open("wb", buffering=0) as fill:
        while True:
            fill.write(bytes(1024))
    assert place.export() == csv_of([ONE, TWO])


def test_a_read_only_disk_can_be_read_and_not_written(small_disk: Path) -> None:
    place = Place(small_disk)
    logs = small_disk.parent / "logs"
    logs.mkdir()
    for day, lines in ((1, ONE), (2, TWO)):
        (logs / f"2022040{day}.json").write_bytes(log_of(lines))
    args = ["ingest", "-q", "-i", logs, "--state", place.state]
    assert run(*args).status == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        assert place.export() == csv_of([ONE, TWO])
        assert run("state", "verify", place.state).status == 0
        one_line(run(*args), 1, "Read-only file system")
        one_line(run("state", "remove", place.state, "2022-04-01"), 1, "Read-only file system")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


def test_a_read_only_copy_without_lock_files_can_be_read(small_disk: Path) -> None:
    place = Place(small_disk)
    log = small_disk.parent / "20220401.json"
    log.write_bytes(log_of(ONE))
    assert run("ingest", "-q", "-i", log, "--state", place.state).status == 0
    for lock in place.state.glob("*.lock"):
        lock.unlink()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        assert place.export() == csv_of([ONE])
        assert run("state", "verify", place.state).status == 0
        one_line(run("state", "remove", place.state, "2022-04-01"), 1, "Read-only file system")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


def test_a_state_of_somebody_else_is_refused_in_one_line(place: Place) -> None:
    place.state.chmod(0)
    try:
        one_line(run_bound("export", "-o", "-", "--state", place.state), 1, "ermission")
        one_line(run_bound("ingest", "-i", place.logs, "--state", place.state), 1, "ermission")
    finally:
        place.state.chmod(0o700)
