"""Whatever is done to a state, in whatever order: it gives what a dictionary would."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from program import run
from stored import Lines, log_of

FIRST = date(2022, 4, 1)
DAYS = 4
APPS = ("CHANNEL", "VOD", "CHILD", "ZALO", "")
TABLES = (
    {"TVDuration": {"CHANNEL"}, "MovieDuration": {"VOD", "CHILD"}},
    {"AllDuration": {"CHANNEL", "VOD", "ZALO"}},
    {"OddDuration": {"", "CHILD"}, "TVDuration": {"CHANNEL"}},
)
lines = st.lists(
    st.tuples(
        st.sampled_from(["A1", "B2", "C" * 20, "Tiếng"]),
        st.sampled_from(APPS),
        st.integers(0, 2**31 - 1),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
days = st.integers(1, DAYS)
parts = st.integers(0, 1)


def table_of(columns: dict[str, set[str]]) -> str:
    """A category table."""
    entries = [
        f"  {column}:\n    column: {column}\n    label: {column}\n"
        f"    apps: [{', '.join(repr(app) for app in sorted(apps))}]\n"
        for column, apps in columns.items()
    ]
    return f"version: 1\ncategories:\n{''.join(entries)}"


def expected(logs: list[Lines], columns: dict[str, set[str]]) -> bytes:
    """The rows of these logs, added up in a dictionary."""
    column_of = {app: at for at, apps in enumerate(columns.values()) for app in apps}
    rows: dict[str, list[int]] = {}
    for contract, app, seconds in itertools.chain.from_iterable(logs):
        if app in column_of:
            rows.setdefault(contract, [0] * len(columns))[column_of[app]] += seconds
    told = [",".join(["Contract", *columns])]
    told += [",".join(map(str, [name, *rows[name]])) for name in sorted(rows)]
    return ("\n".join(told) + "\n").encode()


class StateMachine(RuleBasedStateMachine):
    """A state beside a model: the day and lines of each file that is stored, by its name."""

    names = Bundle("names")

    @initialize()
    def begin(self) -> None:
        """Have no logs, and no state."""
        self.folder = Path(tempfile.mkdtemp())
        self.logs, self.state = self.folder / "logs", self.folder / "state"
        self.logs.mkdir()
        self.model: dict[str, tuple[int, Lines]] = {}
        self.generation = 0

    @rule(target=names, day=days, part=parts, content=lines)
    def write(self, day: int, part: int, content: Lines) -> str:
        """Write a log, or change one."""
        name = f"2022-04-0{day}/part-{part}.json"
        (self.logs / name).parent.mkdir(exist_ok=True)
        (self.logs / name).write_bytes(log_of(content))
        return name

    @rule(target=names, name=names, day=days, part=parts)
    def duplicate(self, name: str, day: int, part: int) -> str:
        """Give the bytes of a log another name, too."""
        other = f"2022-04-0{day}/part-{part}.json"
        if (self.logs / name).exists() and name != other:
            (self.logs / other).parent.mkdir(exist_ok=True)
            shutil.copyfile(self.logs / name, self.logs / other)
        return other

    @rule(target=names, name=names)
    def move(self, name: str) -> str:
        """Move a log within its day; as soon as it is ingested, its entry moves, too."""
        moved = name.replace("part", "moved")
        if (self.logs / name).exists() and not (self.logs / moved).exists():
            (self.logs / name).rename(self.logs / moved)
        return moved

    @rule(name=names)
    def delete(self, name: str) -> None:
        """Delete a log; what is stored of it stays."""
        (self.logs / name).unlink(missing_ok=True)

    @rule()
    def ingest_all(self) -> None:
        """Ingest what is there."""
        present = sorted(self.logs.rglob("*.json"))
        if present:
            self._ingest(self.logs, present)

    @rule(name=names)
    def ingest_one(self, name: str) -> None:
        """Ingest one log."""
        if (self.logs / name).exists():
            self._ingest(self.logs / name, [self.logs / name])

    @rule(name=names)
    def remove(self, name: str) -> None:
        """Take a file out."""
        status = run("state", "remove", self.state, self.logs / name).status
        if not self.generation:
            assert status == 1, "there is no state"
        else:
            assert status == (0 if self.model.pop(name, None) else 2)

    @rule()
    def rebuild(self) -> None:
        """Make the manifest anew from the one that stands."""
        if self.generation:
            assert run("state", "rebuild", self.state).status == 0

    @rule(since=st.none() | days, until=st.none() | days, table=st.sampled_from(TABLES))
    def export(self, since: int | None, until: int | None, table: dict[str, set[str]]) -> None:
        """Ask for any days by any table."""
        if not self.generation or (since and until and since > until):
            return
        chosen = self.folder / "table.yaml"
        chosen.write_text(table_of(table))
        asked: list[object] = ["--categories", chosen]
        for option, day in (("--since", since), ("--until", until)):
            asked += [option, FIRST + timedelta(day - 1)] if day else []
        logs = {
            content
            for day, content in self.model.values()
            if (since or 1) <= day <= (until or DAYS)
        }
        result = run("export", "-q", "--state", self.state, "-o", "-", *asked)
        if logs:
            assert (result.status, result.out) == (0, expected(list(logs), table)), result.err
        else:
            assert result.status == 4

    @invariant()
    def is_whole(self) -> None:
        """Every byte is as it was written, and nothing is kept that nothing needs."""
        if self.generation:
            assert run("state", "verify", self.state).status == 0
            needed = {content for _, content in self.model.values()}
            assert len(list((self.state / "partials").iterdir())) == len(needed)

    def teardown(self) -> None:
        """Leave nothing."""
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    def _ingest(self, given: Path, present: list[Path]) -> None:
        """Ingest, here and in the model."""
        assert run("ingest", "-q", "-i", given, "--state", self.state).status == 0
        self.generation += 1
        written = {str(path.relative_to(self.logs)): path for path in present}
        for name, path in written.items():
            day, content = int(name[9]), self._lines_of(path)
            if self.model.get(name, (0, ()))[1] != content:
                for old in [n for n, stored in self.model.items() if stored == (day, content)]:
                    if not (self.logs / old).exists():
                        del self.model[old]
            self.model[name] = (day, content)

    def _lines_of(self, path: Path) -> Lines:
        """The lines that a log was written from."""
        sources = [json.loads(line)["_source"] for line in path.read_bytes().splitlines()]
        return tuple((s["Contract"], s["AppName"], s["TotalDuration"]) for s in sources)


StateMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestState = StateMachine.TestCase
