"""Faults of the system, put into a run of the program at a system call of one's choice.

The program is imported once and forked for each run, so that thousands of runs take minutes. A run
that is to fail is attached to by ``strace``, which kills it or lets its system calls fail.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engagement_cli.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

for _module in ("run", "ingest", "export", "state", "stored", "request", "result", "watch"):
    import_module(f"engagement_cli.cli.{_module}")  # what each run would import again
for _module in ("engagement_cli.state.rebuild", "pyarrow.csv", "pyarrow.pandas_compat", "yaml"):
    import_module(_module)

CHANGES = (
    *("write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir"),
    *("mkdir", "mkdirat", "chmod", "fchmod", "fchmodat", "openat"),
)
"""System calls that change a disk; of openat, those that create a file."""
NOT_WHEN_FULL = {"unlink", "unlinkat", "rmdir", "chmod", "fchmod", "fchmodat"}
"""What a full disk still does."""
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)")


class Ended(NamedTuple):
    """How a run ended: its exit status, or the negative number of the signal that ended it."""

    status: int
    out: bytes
    err: str


class Call(NamedTuple):
    """A system call of a run.

    Attributes:
        name: Its name.
        number: The how manyth of this name it is, from 1.
        changes: Whether it changes the disk, as opening a file to read it does not.
    """

    name: str
    number: int
    changes: bool


class Fault(NamedTuple):
    """What happens to a run.

    Attributes:
        kind: ``SIGKILL``, ``EIO`` or ``ENOSPC``.
        sticky: Whether every later call fails too.
        at: The call at which it happens.
        injections: What strace is told.
    """

    kind: str
    sticky: bool
    at: Call
    injections: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}{' from' if self.sticky else ' at'} {self.at.name} {self.at.number}"


def forked(run: Callable[[], int], folder: Path, strace: Sequence[str] = ()) -> Ended:
    """Run a function in a fork of this process, its output kept; perhaps watched by strace."""
    out, err = folder / "stdout", folder / "stderr"
    pid = os.fork()
    if not pid:
        _become(run, out, err, watched=bool(strace))
    watcher = None
    if strace:
        command = ["strace", "-f", "-qq", "-p", str(pid), "-e", "signal=none", *strace]
        watcher = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status = os.waitpid(pid, 0)
    if watcher:
        watcher.wait()
    told = err.read_text("utf-8", "replace")
    return Ended(os.waitstatus_to_exitcode(status), out.read_bytes(), told)


def killed(run: Callable[[], int], folder: Path, seconds: float) -> Ended:
    """Run a function in a fork of this process and kill that after a while."""
    out, err = folder / "stdout", folder / "stderr"
    pid = os.fork()
    if not pid:
        _become(run, out, err, watched=False)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    told = err.read_text("utf-8", "replace") if err.exists() else ""
    return Ended(os.waitstatus_to_exitcode(status), b"", told)


def program(*args: object) -> Callable[[], int]:
    """The program with these arguments."""

    def run() -> int:
        sys.argv = ["engagement", *map(str, args)]
        try:
            main()
        except SystemExit as leaving:
            return int(leaving.code or 0)
        return 0

    return run


def learn(run: Callable[[], int], folder: Path) -> None:
    """Import what a run imports on its way, so that no later one opens files for that."""
    told = folder / "modules"

    def telling() -> int:
        run()
        told.write_text("\n".join(sys.modules))
        return 0

    forked(telling, folder)
    for name in told.read_text().splitlines():
        if name not in sys.modules:
            with suppress(ImportError):  # such as what another module only pretends to be
                import_module(name)


def calls_of(run: Callable[[], int], folder: Path) -> list[Call]:
    """The system calls of a run that change the disk, or could by their name, in order."""
    log = folder / "strace.log"
    forked(run, folder, ["-o", str(log), "-e", f"trace={','.join(CHANGES)}"])
    counts: Counter[str] = Counter()
    calls = []
    for line in log.read_text(errors="replace").splitlines():
        if found := _CALL.match(line):
            name, arguments = found.groups()
            counts[name] += 1
            calls.append(Call(name, counts[name], name != "openat" or "O_CREAT" in arguments))
    return calls


def faults_of(calls: Sequence[Call]) -> Iterator[Fault]:
    """Every fault that can happen at these calls."""
    seen: Counter[str] = Counter()
    for call in calls:
        if call.changes:
            yield Fault("SIGKILL", False, call, (f"{call.name}:signal=SIGKILL:when={call.number}",))
            for kind in ("EIO", "ENOSPC"):
                if kind == "EIO" or call.name not in NOT_WHEN_FULL:
                    once = f"{call.name}:error={kind}:when={call.number}"
                    yield Fault(kind, False, call, (once,))
                    yield Fault(kind, True, call, tuple(_from_now_on(kind, call, seen)))
        seen[call.name] = call.number


def suffered(run: Callable[[], int], fault: Fault, folder: Path) -> Ended | None:
    """Run with a fault; None when the run ended without having come to it."""
    log = folder / "strace.log"
    names = {injection.partition(":")[0] for injection in fault.injections}
    told = [part for injection in fault.injections for part in ("-e", f"inject={injection}")]
    ended = forked(run, folder, ["-o", str(log), "-e", f"trace={','.join(sorted(names))}", *told])
    injected = [line for line in log.read_text(errors="replace").splitlines() if "(INJ" in line]
    was_met = injected and (fault.at.name != "openat" or "O_CREAT" in injected[0])
    return ended if was_met or ended.status == -signal.SIGKILL else None


def _from_now_on(kind: str, call: Call, seen: Counter[str]) -> Iterator[str]:
    """Injections by which this call fails and all that change the disk after it."""
    for name in CHANGES:
        if name == call.name:
            yield f"{name}:error={kind}:when={call.number}+"
        elif kind == "EIO" or name not in {*NOT_WHEN_FULL, "openat"}:
            yield f"{name}:error={kind}:when={seen[name] + 1}+"


def _become(run: Callable[[], int], out: Path, err: Path, *, watched: bool) -> None:
    """Be the program, from here to its end."""
    status = 120
    try:
        for descriptor, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - until the end of the process
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 - likewise
        with Path("/proc/self/status").open("rb") as self:  # opened once: each opening is counted
            while watched and b"TracerPid:\t0\n" in os.pread(self.fileno(), 4096, 0):
                time.sleep(0.001)
        if watched:
            time.sleep(0.005)  # it is attached; now it begins to look
        status = run()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        try:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status if status not in {0, 120} else 1)
    os._exit(status)
