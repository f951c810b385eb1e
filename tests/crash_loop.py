"""Stops the program at every system call that changes the disk, and looks at what is left.

After each fault the state must read as before or after, the same command must go on without help,
and no run may have exited 0 without having done its work. A second fault may hit the recovery.

    python tests/crash_loop.py            every fault once, and each recovery hit by one more
    python tests/crash_loop.py --seconds 30
    python tests/crash_loop.py --kills 100   also SIGKILL at random moments, with two threads
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from faults import Ended, Fault, calls_of, faults_of, forked, killed, learn, program, suffered
from stored import Lines, csv_of, log_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLD_OUTPUT = b"the old output\n"
ONE: Lines = (("A1", "CHANNEL", 5), ("B2", "VOD", 7))
TWO: Lines = (("B2", "VOD", 10), ("C" * 30, "SPORT", 2))
THREE: Lines = (("A1", "CHILD", 3), ("Tiếng", "RELAX", 4))
MENDED: Lines = (("B2", "VOD", 11),)
UNKNOWN = 2
"""Exit status of a command that names what is not stored."""
NOTHING = b""
"""What is read of a state in which nothing is stored, or that is not there."""


@dataclass(frozen=True)
class Scenario:
    """A command on a state, and all that the state may be found to hold.

    Attributes:
        name: Its name.
        arguments: The command.
        before: Days that are stored before.
        logs: Days whose logs are there.
        states: The days that may be stored, from before to after.
        spoil: What else is done to the state before.
    """

    name: str
    arguments: tuple[str, ...]
    before: dict[int, Lines]
    logs: dict[int, Lines]
    states: tuple[dict[int, Lines], ...]
    spoil: Callable[[Path], None] | None = None

    @property
    def readable(self) -> set[bytes]:
        """What an export may give."""
        return {csv_of(days.values()) if days else NOTHING for days in self.states}

    @property
    def after(self) -> bytes:
        """What an export gives in the end."""
        return csv_of(self.states[-1].values())


def _without_manifest(state: Path) -> None:
    (state / "manifest.json").unlink()


def _with_a_damaged_sum(state: Path) -> None:
    for path in (state / "sums").iterdir():
        path.write_bytes(path.read_bytes()[:-9])


INGEST = ("ingest", "-i", "logs", "--state", "state", "--jobs", "1")
RUN = ("run", "-i", "logs", "--state", "state", "--jobs", "1", "-o", "out.csv")
EXPORT = ("export", "--state", "state", "--jobs", "1", "-o", "out.csv")
SCENARIOS = (
    Scenario("begin", INGEST, {}, {1: ONE, 2: TWO}, ({}, {1: ONE}, {1: ONE, 2: TWO})),
    Scenario(
        "one more day", RUN, {1: ONE, 2: TWO}, {1: ONE, 2: TWO, 3: THREE},
        ({1: ONE, 2: TWO}, {1: ONE, 2: TWO, 3: THREE}),
    ),
    Scenario(
        "a corrected day", RUN, {1: ONE, 2: TWO}, {2: MENDED},
        ({1: ONE, 2: TWO}, {1: ONE, 2: MENDED}),
    ),
    Scenario(
        "devices for what is stored", (*INGEST, "--devices"), {1: ONE}, {1: ONE, 2: TWO},
        ({1: ONE}, {1: ONE, 2: TWO}),
    ),
    Scenario("the same bytes again", INGEST, {1: ONE}, {2: ONE}, ({1: ONE}, {1: ONE})),
    Scenario(
        "remove", ("state", "remove", "state", "2022-04-02"), {1: ONE, 2: TWO}, {},
        ({1: ONE, 2: TWO}, {1: ONE}),
    ),
    Scenario(
        "rebuild", ("state", "rebuild", "state"), {1: ONE, 2: TWO}, {},
        ({}, {1: ONE, 2: TWO}), _without_manifest,
    ),
    Scenario("export", EXPORT, {1: ONE, 2: TWO}, {}, ({1: ONE, 2: TWO},), _with_a_damaged_sum),
)  # fmt: skip


class BrokenPromise(Exception):  # noqa: N818 - it is what it says
    """A fault broke a promise."""


class Place:
    """A folder in which a scenario is played, over and over."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self.scenario = scenario
        self._play = folder / "play"
        self._fresh = folder / "fresh"
        self._notes = folder / "notes"
        self._notes.mkdir(parents=True)
        self._play.mkdir()
        self._set_up()

    def reset(self) -> None:
        """Have everything as it is before the command."""
        self.load(self._fresh)

    def save(self, to: Path) -> None:
        """Keep everything as it is now."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self._play, to, symlinks=True)

    def load(self, kept: Path) -> None:
        """Have everything as it was kept."""
        shutil.rmtree(self._play)
        shutil.copytree(kept, self._play, symlinks=True)

    def learn(self) -> None:
        """Import what the command imports, now and not in the middle of a fault."""
        learn(self._command(*self.scenario.arguments), self._notes)
        self.reset()

    def duration(self) -> float:
        """How many seconds the command takes."""
        begun = time.monotonic()
        forked(self._command(*self.scenario.arguments), self._notes)
        return time.monotonic() - begun

    def faults(self) -> list[Fault]:
        """Every fault that can happen to the command as things are; they are so again after."""
        self.save(self._notes / "as it is")
        found = list(faults_of(calls_of(self._command(*self.scenario.arguments), self._notes)))
        self.load(self._notes / "as it is")
        return found

    def suffer(self, fault: Fault) -> bool:
        """Run the command with a fault and look at what is left; whether the fault happened."""
        ended = suffered(self._command(*self.scenario.arguments), fault, self._notes)
        if ended:
            self._look(ended)
        return ended is not None

    def die(self, seconds: float) -> bool:
        """Run the command, kill it after a while and look; whether it was still at work."""
        ended = killed(self._command(*self.scenario.arguments), self._notes, seconds)
        self._look(ended)
        return ended.status != 0

    def recover(self) -> None:
        """Run the command again, which must go on by itself and leave nothing behind."""
        ended = forked(self._command(*self.scenario.arguments), self._notes)
        was_done = self.scenario.name == "remove" and ended.status == UNKNOWN
        _hold(was_done or ended.status == 0, f"the next run failed: {ended}")
        _hold(self._read() == self.scenario.after, "the next run did not finish the work")
        verified = forked(self._command("state", "verify", "state"), self._notes)
        _hold(verified.status == 0, f"damage: {verified.err}")
        state = self._play / "state"
        partials = {path.name for path in (state / "partials").iterdir()}
        needed = len(set(self.scenario.states[-1].values()))
        _hold(len(partials) == needed, f"partials that nothing needs: {partials}")
        if "--devices" in self.scenario.arguments:
            self._hold_devices(needed)
        _hold(not list(self._play.rglob(".*")), f"left aside: {list(self._play.rglob('.*'))}")

    def _hold_devices(self, needed: int) -> None:
        files = list((self._play / "state" / "devices").iterdir())
        _hold(len(files) == needed, f"devices that nothing needs: {files}")
        asked = ("-q", "-o", "-", "--features", "devices")
        found = forked(self._command("export", "--state", "state", *asked), self._notes)
        plain = forked(self._command("run", "-i", "logs", *asked), self._notes)
        _hold(found.status == 0 and found.out == plain.out, f"other devices: {found}, {plain}")

    def _look(self, ended: Ended) -> None:
        found = self._read()
        _hold(found in self.scenario.readable, f"the state reads {found!r}")
        if ended.status == 0:
            _hold(found == self.scenario.after, "exit status 0, and the work is not done")
        if "-o" in self.scenario.arguments:
            output = (self._play / "out.csv").read_bytes()
            allowed = {self.scenario.after} | ({OLD_OUTPUT} if ended.status else set())
            _hold(output in allowed, f"exit status {ended.status}, and the output is {output!r}")
        _hold("Traceback" not in ended.err, f"a traceback: {ended.err}")

    def _read(self) -> bytes:
        """What the state gives; nothing where there is none, or one that asks to be rebuilt."""
        ended = forked(self._command("export", "-q", "--state", "state", "-o", "-"), self._notes)
        if ended.status == 0:
            return ended.out
        nothing = "there is no state" in ended.err or "nothing is stored" in ended.err
        to_rebuild = self.scenario.spoil is _without_manifest and "state rebuild" in ended.err
        _hold(nothing or to_rebuild, f"the state cannot be read: {ended.err}")
        return NOTHING

    def _command(self, *arguments: str) -> Callable[[], int]:
        def run() -> int:
            os.chdir(self._play)
            return program(*arguments)()

        return run

    def _set_up(self) -> None:
        logs, state = self._play / "logs", self._play / "state"
        logs.mkdir()
        for day, lines in self.scenario.before.items():
            (logs / f"2022040{day}.json").write_bytes(log_of(lines))
        if self.scenario.before:
            for command in (INGEST, ("export", "-q", "--state", "state", "-o", "-")):
                ended = forked(self._command(*command), self._notes)
                _hold(ended.status == 0, f"set-up: {ended}")
        if self.scenario.spoil:
            self.scenario.spoil(state)
        shutil.rmtree(logs)
        logs.mkdir()
        for day, lines in self.scenario.logs.items():
            (logs / f"2022040{day}.json").write_bytes(log_of(lines))
        (self._play / "out.csv").write_bytes(OLD_OUTPUT)
        self.save(self._fresh)


def every_fault(folder: Path, dice: random.Random, seconds: float) -> Counter[str]:
    """Suffer every fault in every scenario, in random order, until the time is over.

    Returns:
        How many were survived, by kind, and how many more hit a recovery.

    Raises:
        BrokenPromise: One was not.
    """
    until = time.monotonic() + seconds
    places = [Place(folder / str(n), scenario) for n, scenario in enumerate(SCENARIOS)]
    for place in places:
        place.learn()
    faults = [(place, fault) for place in places for fault in place.faults()]
    dice.shuffle(faults)
    survived: Counter[str] = Counter(scenarios=len(places), possible=len(faults))
    for done, (place, fault) in enumerate(faults):
        if time.monotonic() > until:
            break
        if sys.stderr.isatty():
            print(f"{done:,} of {len(faults):,} faults", end="\r", file=sys.stderr)  # noqa: T201 - how far it is
        place.reset()
        told = f"{place.scenario.name}: {fault}"
        with _told(told):
            if not place.suffer(fault):
                continue
            survived[fault.kind] += 1
        seconds_faults = place.faults()
        if seconds_faults:
            second = dice.choice(seconds_faults)
            with _told(f"{told}, then {second}"):
                survived["in a recovery"] += place.suffer(second)
        with _told(told):
            place.recover()
    return survived


def random_kills(folder: Path, dice: random.Random, count: int) -> int:
    """SIGKILL at random moments of runs with two threads; how many hit a run at work."""
    scenario = replace(SCENARIOS[1], arguments=tuple("2" if a == "1" else a for a in RUN))
    place = Place(folder, scenario)
    place.learn()
    most, hit = place.duration(), 0
    for _ in range(count):
        place.reset()
        seconds = dice.uniform(0, most)
        with _told(f"SIGKILL after {seconds:.3f} s"):
            hit += place.die(seconds)
            place.recover()
    return hit


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except BrokenPromise as broken:
        raise BrokenPromise(f"{what}: {broken}") from broken


def _hold(kept: bool, broken: str) -> None:
    if not kept:
        raise BrokenPromise(broken)


def _main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dice = random.Random(asked.seed)
        survived = every_fault(Path(folder) / "faults", dice, asked.seconds)
        print(", ".join(f"{count:,} {what}" for what, count in survived.items()))  # noqa: T201 - its report
        if asked.kills:
            hit = random_kills(Path(folder) / "kills", dice, asked.kills)
            print(f"{asked.kills} SIGKILLs at random moments, {hit} of them while at work")  # noqa: T201


if __name__ == "__main__":
    _main()
