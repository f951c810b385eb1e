"""What the races of tables do in a process of its own, so that its memory is nobody else's.

``python -m benchmarks.loading make ROWS FOLDER`` writes a result as Parquet and as CSV;
``... load URL PARQUET``, and ``again`` and ``to_sql`` likewise, load it from memory and print what
that cost: the call from start to return, and the memory that it took beyond the result.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from benchmarks.clients import COLUMNS, TABLE
from engagement_cli.schema import CONTRACT
from engagement_cli.sinks.sql import SqlTarget, load, parse_url, reach

if TYPE_CHECKING:
    from collections.abc import Callable

_SHARES = (0.97, 0.06, 0.03, 0.01, 0.01)


def make(rows: str, folder: str) -> None:
    """Write a result of so many contracts, as Parquet and as CSV."""
    count, path = int(rows), Path(folder, "result.parquet")
    random = np.random.default_rng(20220401)
    numbers = np.sort(random.choice(26**3 * 1_000_000, count, replace=False))
    letters = np.array([chr(ord("A") + i) for i in range(26)])
    high, low = numbers // 1_000_000, numbers % 1_000_000
    names = [letters[high // 676], letters[high // 26 % 26], letters[high % 26]]
    contract = np.strings.add(np.strings.add(*names[:2]), names[2])
    digits = np.strings.zfill(low.astype(str), 6)
    frame = pd.DataFrame({CONTRACT: pd.Series(np.strings.add(contract, digits), dtype="str")})
    for column, share in zip(COLUMNS, _SHARES, strict=True):
        watched = random.random(count) < share
        frame[column] = np.where(watched, random.integers(0, 2_000_000, count), 0)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    parquet.write_table(table, path)
    plain = csv.WriteOptions(include_header=True, quoting_style="none", quoting_header="none")
    csv.write_csv(table, path.with_suffix(".csv"), plain)


def by_load(url: str, path: str, *, repeated: bool = False) -> None:
    """Load by the tool, which looks at the database before it reads a line of logs."""
    target = SqlTarget(parse_url(url), TABLE)
    reach(target)

    def work(frame: pd.DataFrame) -> None:
        assert load(frame, target).repeated is repeated

    _measured(work, path)


def by_pandas(url: str, path: str) -> None:
    """Load by ``DataFrame.to_sql``."""
    import sqlalchemy  # noqa: PLC0415 - for this one alone

    scheme, _, rest = url.partition("://")
    driver = {"postgresql": "+psycopg", "mariadb": "+pymysql"}.get(scheme, "")
    engine = sqlalchemy.create_engine(f"{scheme}{driver}://{rest}")
    _measured(
        lambda frame: frame.to_sql(
            TABLE, engine, index=False, if_exists="replace", chunksize=10_000
        ),
        path,
    )


def _measured(work: Callable[[pd.DataFrame], object], path: str) -> None:
    frame = parquet.read_table(path).to_pandas()
    # Linux forgets the largest resident set so far: reading the file is not to be counted.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before, busy, start = _peak(), time.process_time(), time.perf_counter()
    work(frame)
    wall, cpu = time.perf_counter() - start, time.process_time() - busy
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": _peak() - before}))


def _peak() -> int:
    """The largest resident set of this process since it was last forgotten, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


if __name__ == "__main__":
    ways: dict[str, Callable[[str, str], None]] = {
        "make": make,
        "load": by_load,
        "again": partial(by_load, repeated=True),
        "to_sql": by_pandas,
    }
    ways[sys.argv[1]](*sys.argv[2:])
