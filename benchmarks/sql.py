"""Race the SQL output with what each database's own client can do: ``python -m benchmarks.sql``.

A result of 1.92 million rows is loaded from memory by ``load``, and the same rows as a CSV by the
client, in turns A B A B, after a first pair that is not counted. ``load`` runs in a process of its
own and is timed from call to return: digest, staging, sums, key and commit included. A client is
timed from its start to its end. After every run the table is read back by the client, ordered, and
must be the CSV to the digit. ``pandas.to_sql`` is run once for scale.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from engagement_cli.sinks.sql import SqlTarget, load, parse_url

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
TABLE = "engagement_bench"
COLUMNS = ("TVDuration", "MovieDuration", "ChildDuration", "RelaxDuration", "SportDuration")
_SHARES = (0.97, 0.06, 0.03, 0.01, 0.01)
_LOAD_FILE = (
    "LOAD DATA LOCAL INFILE '{csv}' INTO TABLE {table} CHARACTER SET utf8mb4 "
    "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' IGNORE 1 LINES"
)


def make(rows: int, folder: Path) -> Path:
    """Write a result of so many contracts, as Parquet and as CSV; gives the Parquet."""
    random = np.random.default_rng(20220401)
    numbers = np.sort(random.choice(26**3 * 1_000_000, rows, replace=False))
    letters = np.array([chr(ord("A") + i) for i in range(26)])
    high, low = numbers // 1_000_000, numbers % 1_000_000
    names = [letters[high // 676], letters[high // 26 % 26], letters[high % 26]]
    contract = np.strings.add(np.strings.add(*names[:2]), names[2])
    digits = np.strings.zfill(low.astype(str), 6)
    frame = pd.DataFrame({"Contract": pd.Series(np.strings.add(contract, digits), dtype="str")})
    for column, share in zip(COLUMNS, _SHARES, strict=True):
        watched = random.random(rows) < share
        frame[column] = np.where(watched, random.integers(0, 2_000_000, rows), 0)
    path = folder / "result.parquet"
    frame.to_parquet(path, index=False)
    plain = csv.WriteOptions(include_header=True, quoting_style="none", quoting_header="none")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    csv.write_csv(table, path.with_suffix(".csv"), plain)
    return path


@dataclass(frozen=True, slots=True)
class Rival:
    """A database with its client.

    Attributes:
        name: What the report calls it.
        url: For ``load``.
        drop: The command that drops the table.
        ways: Commands that load the CSV, by name; the fastest of them is the base.
        clear: The command that makes the table for those, before the time is taken.
        dump: The command that writes the table in order.
        limit: How many times as long ``load`` may take.
    """

    name: str
    url: str
    drop: tuple[str, ...]
    ways: dict[str, tuple[str, ...]]
    clear: tuple[str, ...]
    dump: tuple[str, ...]
    limit: float


def postgres(url: str, file: Path) -> Rival:
    """``psql \\copy`` into a table without an index, and then the key."""
    client = ("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", url)
    columns = ", ".join(f'"{name}" bigint NOT NULL' for name in COLUMNS)
    key = f'ALTER TABLE {TABLE} ADD PRIMARY KEY ("Contract")'
    drop = f"SET client_min_messages = error; DROP TABLE IF EXISTS {TABLE}, _engagement_loads"
    make = f'{drop}; CREATE TABLE {TABLE} ("Contract" text COLLATE "C" NOT NULL, {columns})'
    dump = f'\\copy (SELECT * FROM {TABLE} ORDER BY "Contract") TO STDOUT CSV HEADER'
    copy = f"\\copy {TABLE} FROM '{file}' CSV HEADER"
    return Rival(
        "PostgreSQL",
        url,
        (*client, "-c", drop),
        {"psql \\copy, then the key": (*client, "-c", copy, "-c", key)},
        (*client, "-c", make),
        (*client, "-c", dump),
        1.5,
    )


def sqlite(path: Path, file: Path) -> Rival:
    """``sqlite3 .import`` into the same schema."""
    columns = ", ".join(f'"{name}" BIGINT NOT NULL' for name in COLUMNS)
    make = f'CREATE TABLE {TABLE} ("Contract" TEXT NOT NULL PRIMARY KEY, {columns}) WITHOUT ROWID'
    client = ("sqlite3", "-bail", str(path))
    remove = ("rm", "-f", str(path))
    dump = (*client, "-header", "-csv", f'SELECT * FROM {TABLE} ORDER BY "Contract"')
    return Rival(
        "SQLite",
        f"sqlite:///{path}",
        remove,
        {"sqlite3 .import": (*client, ".mode csv", f".import --skip 1 {file} {TABLE}")},
        ("sh", "-c", f"rm -f {path}; sqlite3 {path} '{make}'"),
        dump,
        1.5,
    )


def mariadb(url: str, file: Path) -> Rival:
    """``LOAD DATA LOCAL`` in every way that could be the fastest."""
    parts = urlsplit(url)
    client = ["mariadb", "--local-infile=1", f"-h{parts.hostname}", f"-P{parts.port or 3306}"]
    client += [f"-u{parts.username}", *([f"-p{parts.password}"] if parts.password else [])]
    client += ["-D", parts.path[1:], "-e"]
    columns = ", ".join(f"{name} BIGINT NOT NULL" for name in COLUMNS)
    contract = "Contract VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL"
    drop = f"DROP TABLE IF EXISTS {TABLE}, _engagement_loads"
    table = f"CREATE TABLE {TABLE} ({contract}, {columns}, PRIMARY KEY (Contract)) ENGINE=InnoDB"
    read = _LOAD_FILE.format(csv=file, table=TABLE)
    unchecked = "SET unique_checks = 0, foreign_key_checks = 0"
    return Rival(
        "MariaDB",
        url,
        (*client, drop),
        {
            "LOAD DATA LOCAL": (*client, read),
            "LOAD DATA LOCAL, unchecked": (*client, f"{unchecked}; {read}"),
        },
        (*client, f"{drop}; {table}"),
        (*client[:-1], "-B", "-e", f"SELECT * FROM {TABLE} ORDER BY Contract"),
        2.0,
    )


def timed(command: Sequence[str]) -> float:
    """Seconds that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def done_by_load(rival: Rival, frame: Path, how: str) -> dict[str, float]:
    """What ``load`` or ``to_sql`` in a process of its own says it took."""
    words = [sys.executable, "-m", "benchmarks.sql", "--once", how, rival.url, str(frame)]
    said = subprocess.run(words, check=True, cwd=ROOT, capture_output=True)
    measured: dict[str, float] = json.loads(said.stdout)
    return measured


def once(how: str, url: str, path: str) -> None:
    """Load a Parquet file from memory, and print what that took."""
    frame = parquet.read_table(path).to_pandas()
    # Linux forgets the largest resident set so far: reading the file is not to be counted.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = peak()
    start = time.perf_counter()
    {"load": _load, "to_sql": _to_sql}[how](frame, url)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "mebibytes": peak() - before}))


def peak() -> float:
    """The largest resident set of this process since it was last forgotten, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _load(frame: pd.DataFrame, url: str) -> None:
    report = load(frame, SqlTarget(parse_url(url), TABLE))
    assert not report.repeated


def _to_sql(frame: pd.DataFrame, url: str) -> None:
    import sqlalchemy  # noqa: PLC0415 - for this one alone

    scheme, _, rest = url.partition("://")
    driver = {"postgresql": "+psycopg", "mariadb": "+pymysql"}.get(scheme, "")
    engine = sqlalchemy.create_engine(f"{scheme}{driver}://{rest}")
    frame.to_sql(TABLE, engine, index=False, if_exists="replace", chunksize=10_000)


def check(rival: Rival, expected: str) -> None:
    """Make sure that the client reads the CSV, to the digit, out of the table."""
    said = subprocess.run(rival.dump, check=True, capture_output=True).stdout
    if digest(re.sub(rb"\r\n", b"\n", said).replace(b"\t", b",")) != expected:
        sys.exit(f"{rival.name}: the table is not the CSV")


def digest(text: bytes) -> str:
    """A digest of a CSV, whatever quotes it needs not have."""
    return hashlib.sha256(text.replace(b'"', b"")).hexdigest()


def race(rival: Rival, frame: Path, pairs: int, *, scale: bool) -> None:
    """Run client and ``load`` in turns, and print a row for each way."""
    expected = digest(frame.with_suffix(".csv").read_bytes())
    clients: dict[str, list[float]] = {way: [] for way in rival.ways}
    ours: dict[str, list[dict[str, float]]] = {"load, new table": [], "load, replace": []}
    for turn in range(pairs + 1):
        for way, command in rival.ways.items():
            subprocess.run(rival.clear, check=True)
            clients[way].append(timed(command))
            check(rival, expected)
        for case, before in {"load, new table": rival.drop, "load, replace": rival.clear}.items():
            subprocess.run(before, check=True)
            if before == rival.clear:
                timed(next(iter(rival.ways.values())))
            ours[case].append(done_by_load(rival, frame, "load"))
            check(rival, expected)
        if turn == 0:
            clients = {way: [] for way in clients}
            ours = {case: [] for case in ours}
    _tell(rival, clients, ours)
    if scale:
        subprocess.run(rival.drop, check=True)
        seconds = done_by_load(rival, frame, "to_sql")["seconds"]
        best = median(map(min, zip(*clients.values(), strict=True)))
        print(f"| {rival.name} | pandas.to_sql | {seconds:.2f} | {seconds / best:.2f} | | |")
    subprocess.run(rival.drop, check=True)


def _tell(
    rival: Rival,
    clients: dict[str, list[float]],
    ours: dict[str, list[dict[str, float]]],
) -> None:
    best = [min(turn) for turn in zip(*clients.values(), strict=True)]
    for way, seconds in clients.items():
        print(f"| {rival.name} | {way} | {median(seconds):.2f} | | | |")
    for case, runs in ours.items():
        seconds = [run["seconds"] for run in runs]
        ratios = sorted(a / b for a, b in zip(seconds, best, strict=True))
        spread = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        peak = max(run["mebibytes"] for run in runs)
        print(
            f"| {rival.name} | **{case}** | {median(seconds):.2f} | {spread} | "
            f"{rival.limit} | {peak:.0f} |"
        )


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sql", description=__doc__)
    add = parser.add_argument
    add("--rows", type=int, default=1_920_000, help="rows of the result")
    add("--pairs", type=int, default=5, help="pairs of runs")
    add("--only", default="PostgreSQL,SQLite,MariaDB", help="some of the databases")
    add("--no-scale", dest="scale", action="store_false", help="leave pandas.to_sql out")
    add("--once", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.once:
        once(*asked.once)
        return
    with TemporaryDirectory() as folder:
        frame = make(asked.rows, Path(folder))
        print("| database | how | seconds | times the client | limit | more memory, MiB |")
        print("|---|---|---|---|---|---|")
        for rival in rivals(Path(folder), frame.with_suffix(".csv")):
            if rival.name in asked.only.split(","):
                race(rival, frame, asked.pairs, scale=asked.scale)


def rivals(folder: Path, file: Path) -> list[Rival]:
    """The databases, at the places that the tests use too."""
    environ = os.environ.get
    return [
        postgres(environ("ENGAGEMENT_TEST_POSTGRES", "postgresql://root@127.0.0.1/test"), file),
        sqlite(folder / "watch.db", file),
        mariadb(environ("ENGAGEMENT_TEST_MARIADB", "mariadb://root@127.0.0.1/test"), file),
    ]


if __name__ == "__main__":
    main()
