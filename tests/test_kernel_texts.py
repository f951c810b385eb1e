"""Texts and numbers come out of machine code as they come out of the slower ways."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement_cli import contracts, kernel
from engagement_cli.contracts import Contracts
from engagement_cli.frames import integer_array
from engagement_cli.kernel.texts import READ_BEHIND, Field, csv_lines
from engagement_cli.sinks import csv


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=40))
def test_texts_are_packed_and_unpacked_by_machine_code_as_without(values: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contracts, "_PAYS_FROM_ROWS", 0)
        quick = Contracts.pack(values)
        assert quick.strings().to_pylist() == values
    plain = Contracts.pack(values)
    assert plain.strings().to_pylist() == values
    assert (quick.hi.tolist(), quick.lo.tolist(), quick.long) == (
        plain.hi.tolist(),
        plain.lo.tolist(),
        plain.long,
    )


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.integers(0, 2**63 - 1), st.text(max_size=3)),
        min_size=1,
        max_size=30,
    )
)
def test_rows_are_written_as_csv_or_left_to_slower_ways(rows: list[tuple[str, int, str]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    fields = [
        csv_field(columns[0]),
        Field(None, np.array(columns[1], np.int64)),
        csv_field(columns[2]),
    ]
    lines = csv_lines(fields, len(rows))
    if any(set(',"\r\n') & set(text) for row in rows for text in (row[0], row[2])):
        assert lines is None
    else:
        assert lines is not None
        expected = "".join(f"{first},{number},{last}\n" for first, number, last in rows)
        assert lines.tobytes() == expected.encode()


def test_a_negative_number_is_left_to_slower_ways() -> None:
    assert csv_lines([Field(None, np.array([5, -1], np.int64))], 2) is None


def csv_field(values: list[str]) -> Field:
    data = [value.encode() for value in values]
    offsets = np.append(0, np.cumsum([len(value) for value in data]))
    return Field(offsets, np.frombuffer(b"".join(data) + bytes(READ_BEHIND), np.uint8))


def test_a_long_result_is_the_same_csv_with_and_without_machine_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"HNH{number:06}" for number in range(150_000)]
    names[70_001] = 'needs "quotes", this one'
    contracts = Contracts.pack(names)
    seconds = np.arange(150_000, dtype=np.int64) ** 3
    table = pa.table([contracts.strings(), integer_array(seconds)], names=["Contract", "Seconds"])
    compiled = io.BytesIO()
    csv.Writer(compiled).write(table)
    monkeypatch.setenv(kernel.SWITCH, "1")
    plain = io.BytesIO()
    csv.Writer(plain).write(table)
    assert compiled.getvalue() == plain.getvalue()
    assert compiled.getvalue().startswith(b"Contract,Seconds\nHNH000000,0\n")
