"""Results for the tests to write."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

COLUMNS = ("TVDuration", "MovieDuration", "ChildDuration", "RelaxDuration", "SportDuration")

ODD = (
    "",
    " ",
    "'",
    "''",
    '"',
    "'; DROP TABLE engagement; --",
    "+84",
    "-1",
    "007",
    "1e5",
    "=HYPERLINK(1)",
    "@x",
    "A",
    "NULL",
    "None",
    "\\",
    "\\N",
    "\\.",
    "a",
    "a ",
    "a, b",
    'a"b',
    "a\nb",
    "a\r\nb",
    "a\tb",
    "%s %(x)s :x ?",
    "e",
    "é",
    "e\u0301",
    "ß",
    "ss",
    "x" * 200,
    "\u202emirrored",
    "שלום",
    "مرحبا",
    "Truyền Hình",
    "\ufeffbom",
    "😀",
    "👩‍👩‍👧",
    "\U0010ffff",
    "\x7f",
    "\x01",
)


def result(seconds: dict[str, tuple[int, ...]]) -> pd.DataFrame:
    """A result from contract to its five columns, in code-point order."""
    ordered = dict(sorted(seconds.items()))
    frame = pd.DataFrame({"Contract": pd.Series(list(ordered), dtype="str")})
    for i, column in enumerate(COLUMNS):
        frame[column] = np.array([values[i] for values in ordered.values()], dtype="int64")
    return frame


def small(*, shift: int = 0) -> pd.DataFrame:
    """Three contracts; ``shift`` adds seconds to each cell."""
    rows = {"HNH1": (254, 0, 0, 0, 0), "HNH2": (1, 2, 3, 4, 5), "HNH3": (0, 0, 0, 0, 7)}
    return result({name: tuple(v + shift for v in values) for name, values in rows.items()})


def odd() -> pd.DataFrame:
    """Contracts that something on the way may take for something else."""
    return result({name: (i, 2**62 - i, 0, i * i, 1) for i, name in enumerate(ODD)})


def large(rows: int = 70_000, *, shift: int = 0) -> pd.DataFrame:
    """More rows than a batch holds."""
    numbers = np.arange(rows, dtype="int64")
    frame = pd.DataFrame({"Contract": pd.Series([f"HNH{n:07d}" for n in numbers], dtype="str")})
    for i, column in enumerate(COLUMNS):
        frame[column] = numbers * i + shift
    return frame


def assert_same(there: pd.DataFrame | None, written: pd.DataFrame) -> None:
    """What was read is what was written, types and order included."""
    assert there is not None
    assert_frame_equal(there, written.reset_index(drop=True))
