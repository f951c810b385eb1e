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
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from program import run
from stored import Lines, log_of

FIRST = date(2022, 4, 1)
DAYS = 3
APPS = ("CHANNEL", "VOD", "CHILD", "ZALO", "")
TABLES = (
    {"TVDuration": {"CHANNEL"}, "MovieDuration": {"VOD", "CHILD"}},
    {"AllDuration": {"CHANNEL", "VOD", "ZALO"}},
    {"OddDuration": {"", "CHILD"}, "TVDuration": {"CHANNEL"}},
)
CONTENTS: tuple[Lines, ...] = (
    (("A1", "CHANNEL", 5), ("B2", "VOD", 7)),
    (("A1", "CHANNEL", 6), ("D4", "ZALO", 1)),
    (("B2", "VOD", 2**31 - 1), ("B2", "", 1)),
)
"""So that files often have the bytes of others, or get back those that they had."""
lines = st.lists(
    st.tuples(
        st.sampled_from(["A1", "B2", "C" * 20, "Tiếng"]),
        st.sampled_from(APPS),
        st.integers(0, 2**31 - 1),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
contents = st.sampled_from(CONTENTS) | lines
days = st.integers(1, DAYS)
parts = st.sampled_from("abc")
names = st.builds("2022-04-0{}/{}.json".format, days, parts)


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

    @initialize(first=contents, second=contents)
    def begin(self, first: Lines, second: Lines) -> None:
        """Store two days."""
        self.folder = Path(tempfile.mkdtemp())
        self.logs, self.state = self.folder / "logs", self.folder / "state"
        self.model: dict[str, tuple[int, Lines]] = {}
        self.write("2022-04-01/a.json", first)
        self.write("2022-04-02/a.json", second)
        self.ingest_all()

    @rule(name=names, content=contents)
    def write(self, name: str, content: Lines) -> None:
        """Write a log, or change one; it is ingested later."""
        (self.logs / name).parent.mkdir(parents=True, exist_ok=True)
        (self.logs / name).write_bytes(log_of(content))

    @rule(name=names, content=contents)
    def store(self, name: str, content: Lines) -> None:
        """Write a log, or change one, and ingest it alone."""
        self.write(name, content)
        self.ingest_one(name)

    @rule(name=names, other=names)
    def duplicate(self, name: str, other: str) -> None:
        """Give the bytes of a log another name, too."""
        if (self.logs / name).exists() and name != other:
            (self.logs / other).parent.mkdir(exist_ok=True)
            shutil.copyfile(self.logs / name, self.logs / other)

    @rule(name=names, part=parts)
    def rename(self, name: str, part: str) -> None:
        """Rename a log within its day, and ingest it: its entry goes along."""
        other = f"{name[:11]}{part}.json"
        if (self.logs / name).exists():
            (self.logs / name).replace(self.logs / other)
            self.ingest_one(other)

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
        removed = run("state", "remove", self.state, self.logs / name)
        assert removed.status == (0 if self.model.pop(name, None) else 2), removed.err

    @rule(since=st.none() | days, until=st.none() | days, table=st.sampled_from(TABLES))
    def export(self, since: int | None, until: int | None, table: dict[str, set[str]]) -> None:
        """Ask for any days by any table."""
        if since and until and since > until:
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

    @rule()
    def verify(self) -> None:
        """Every byte is as it was written, and what nothing needs is gone; a rebuild agrees."""
        assert run("state", "verify", self.state).status == 0
        assert run("state", "rebuild", self.state).status == 0
        needed = {content for _, content in self.model.values()}
        assert len(list((self.state / "partials").iterdir())) == len(needed)

    @invariant()
    def lists_the_model(self) -> None:
        """The files that are stored, and their days, are those of the model."""
        files = json.loads((self.state / "manifest.json").read_bytes())["files"]
        assert {file["name"]: file["day"] for file in files} == {
            str(self.logs / name): str(FIRST + timedelta(day - 1))
            for name, (day, _) in self.model.items()
        }

    def teardown(self) -> None:
        """Leave nothing."""
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    def _ingest(self, given: Path, present: list[Path]) -> None:
        """Ingest, here and in the model, with a result over all that is then stored."""
        chosen = self.folder / "table.yaml"
        chosen.write_text(table_of(TABLES[1]))
        asked = ("--state", self.state, "--categories", chosen, "-o", "-")
        result = run("run", "-q", "-i", given, *asked)
        written = {str(path.relative_to(self.logs)): path for path in present}
        for name, path in written.items():
            stored = int(name[9]), self._lines_of(path)
            if self.model.get(name) != stored:
                self._forget_moved(stored)
            self.model[name] = stored
        logs = list({content for _, content in self.model.values()})
        assert (result.status, result.out) == (0, expected(logs, TABLES[1])), result.err
        self.export(None, None, TABLES[0])

    def _forget_moved(self, stored: tuple[int, Lines]) -> None:
        """Of the same day and lines, those that are gone are what now has another name."""
        for old in [name for name, of in self.model.items() if of == stored]:
            if not (self.logs / old).exists():
                del self.model[old]

    def _lines_of(self, path: Path) -> Lines:
        """The lines that a log was written from."""
        sources = [json.loads(line)["_source"] for line in path.read_bytes().splitlines()]
        return tuple((s["Contract"], s["AppName"], s["TotalDuration"]) for s in sources)


StateMachine.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestState = StateMachine.TestCase
