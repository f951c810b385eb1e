"""Partials as Parquet files: columns any tool can read, checked when written and when read.

Rows are ordered by contract and app. Every page has its checksum, the whole file has its hash in
its name, and the footer says under the key ``engagement`` what was summed.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engagement_cli.aggregate import Partial, codes_in
from engagement_cli.contracts import Contracts
from engagement_cli.errors import StateError
from engagement_cli.frames import integer_array, numbers_of, text_array
from engagement_cli.kernel.layout import TAG_SHIFT, Row
from engagement_cli.ordered import ordered
from engagement_cli.schema import APP_NAME, CONTRACT, LINES, SECONDS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from pyarrow import parquet

    from engagement_cli.kernel.layout import Words

FOOTER_KEY = b"engagement"
SUFFIX = ".parquet"
_NAME_DIGITS = 16
_PART_ROWS = 200_000
"""Rows of a part of a file: few, since parts are read and let go one after the other."""
_THREADS = 2
"""They read parts side by side."""
_ENCODINGS = {
    CONTRACT: "DELTA_BYTE_ARRAY",
    SECONDS: "DELTA_BINARY_PACKED",
    LINES: "DELTA_BINARY_PACKED",
}
_COMPRESSIONS = {CONTRACT: "zstd", APP_NAME: "zstd", SECONDS: "none", LINES: "zstd"}
"""Packed seconds get no smaller."""


class Encoded(NamedTuple):
    """A table as the bytes of a file, their hash, what the footer says, and the table."""

    data: pa.Buffer
    sha256: str
    footer: dict[str, Any]
    table: pa.Table

    def file_name(self, prefix: str) -> str:
        """A name that begins with ``prefix`` and that no other bytes have."""
        return f"{prefix}-{self.sha256[:_NAME_DIGITS]}{SUFFIX}"


class Decoded(NamedTuple):
    """What a file holds: a partial, its footer, and how long and of what hash the file is."""

    partial: Partial
    footer: dict[str, Any]
    size: int
    sha256: str


def encode(part: Partial, footer: Mapping[str, Any]) -> Encoded:
    """Write a partial as Parquet, in memory; its control totals join the footer."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    footer = {**footer, **totals(part)}
    sums = part.canonical()
    table = pa.table(
        {
            CONTRACT: sums.contracts.strings(),
            APP_NAME: pa.DictionaryArray.from_arrays(
                integer_array(sums.app.astype(np.int32)), text_array(sums.apps)
            ),
            SECONDS: integer_array(sums.seconds),
            LINES: integer_array(sums.lines),
        }
    )
    how = {
        "use_dictionary": [APP_NAME],
        "column_encoding": _ENCODINGS,
        "compression": _COMPRESSIONS,
        "row_group_size": _PART_ROWS,
    }
    return encoded(table, footer, **how)


def encoded(table: pa.Table, footer: dict[str, Any], **how: Any) -> Encoded:
    """Write a table with a footer as Parquet, in memory; ``how`` is for Arrow."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without
    from pyarrow import parquet  # noqa: PLC0415 - reading begins without

    sink = pa.BufferOutputStream()
    parquet.write_table(
        table.replace_schema_metadata({FOOTER_KEY: json.dumps(footer)}),
        sink,
        write_page_checksum=True,
        write_statistics=False,
        **{"compression": "zstd", **how},
    )
    data = sink.getvalue()
    return Encoded(data, hashlib.sha256(data).hexdigest(), footer, table)


def footer(path: Path) -> dict[str, Any]:
    """What the footer of a file says, which nothing has checked; empty where it says nothing."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without
    from pyarrow import parquet  # noqa: PLC0415 - reading begins without

    with suppress(pa.ArrowException, OSError, KeyError, ValueError, TypeError):
        return dict(json.loads(parquet.read_metadata(path).metadata[FOOTER_KEY]))
    return {}


def generation(footer: Mapping[str, Any]) -> int:
    """The generation that a partial was written for; 0 where its footer is from before that."""
    told = footer.get("generation")
    return told if isinstance(told, int) else 0


def hash_in_name(path: Path) -> str:
    """The beginning of the hash that a file had when it got its name."""
    return path.name.removesuffix(SUFFIX)[-_NAME_DIGITS:]


def read(path: Path, sha256: str) -> Decoded:
    """Read a partial back, and check every byte of it.

    Args:
        path: The file.
        sha256: Its hash, or the beginning of it.

    Raises:
        StateError: It is missing, or is not what was written; the message says only that.
    """
    data, found = checked(path, sha256)
    with _understood(path):
        rows, footer = _told(data)
        part = _partial(rows, data)
    told = totals(part)
    if told != {name: footer.get(name) for name in told}:
        raise StateError(f"{path}: does not add up to the totals in its footer.")
    return Decoded(part, footer, len(data), found)


def read_back(path: Path, written: Encoded) -> None:
    """Make sure that a file holds what was to be written to it: every byte, and what they mean.

    Raises:
        StateError: It does not; the message says only that.
    """
    data, _ = checked(path, written.sha256)
    with _understood(path), closing(_parts(data)) as parts:
        same = _told(data) == (len(written.table), written.footer) and all(
            _is_same(part, written.table[rows]) for rows, part in parts
        )
    if not same:
        raise StateError(f"{path}: does not hold what was written to it.")


def checked(path: Path, sha256: str) -> tuple[bytes, str]:
    """The bytes of a file and their hash, of which ``sha256`` is at least the beginning.

    Raises:
        StateError: It is missing, or is not what was written; the message says only that.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StateError(f"{path}: cannot be read: {error.strerror}.") from error
    found = hashlib.sha256(data).hexdigest()
    if not found.startswith(sha256):
        raise StateError(f"{path}: damaged; its bytes are not those that were written.")
    return data, found


def _is_same(one: pa.Table, other: pa.Table) -> bool:
    """Whether two tables of a partial hold the same rows, however they number apps."""
    names = only_chunk(other[APP_NAME]).dictionary.to_pylist()
    return (
        all(one[name].equals(other[name]) for name in (CONTRACT, SECONDS, LINES))
        and all({*chunk.dictionary.to_pylist()} <= {*names} for chunk in one[APP_NAME].chunks)
        and np.array_equal(_codes(one[APP_NAME], names), _codes(other[APP_NAME], names))
    )


def _codes(apps: pa.ChunkedArray, names: Sequence[str]) -> Words:
    """The place of each app among these names, of which it is one."""
    chunks = [
        codes_in(chunk.dictionary.to_pylist(), names)[numbers_of(chunk.indices)]
        for chunk in apps.chunks
    ]
    return np.concatenate(chunks or [np.empty(0, np.uint64)])


@contextmanager
def _understood(path: Path) -> Iterator[None]:
    """Tell what a file is not, where reading it fails.

    Raises:
        StateError: It does.
    """
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    try:
        yield
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        raise StateError(f"{path}: no partial of this program: {error}.") from error


def _told(data: bytes) -> tuple[int, dict[str, Any]]:
    """How many rows bytes hold, and their footer."""
    told = _opened(data).metadata
    return told.num_rows, json.loads(told.metadata[FOOTER_KEY])


def _parts(data: bytes) -> Generator[tuple[slice, pa.Table]]:
    """The parts of the table that bytes hold, and where they stand in it; a few at a time."""

    def read(number: int) -> pa.Table:
        return _opened(data).read_row_group(number, use_threads=False)

    numbers = range(_opened(data).num_row_groups)
    begin = 0
    with closing(ordered((partial(read, number) for number in numbers), _THREADS)) as parts:
        for part in parts:
            yield slice(begin, begin := begin + len(part)), part


def _partial(count: int, data: bytes) -> Partial:
    """The partial of so many rows that bytes hold."""
    rows = np.empty((count, len(Row)), np.uint64)
    apps: dict[str, int] = {}
    long: dict[str, int] = {}
    stop = 0
    with closing(_parts(data)) as parts:
        for place, part in parts:
            _take_over(rows[place], part, apps, long)
            stop = place.stop
    if stop != count:
        raise ValueError(f"{stop} rows of {count}")
    return Partial(rows, tuple(apps), tuple(long))


def _take_over(rows: Words, part: pa.Table, apps: dict[str, int], long: dict[str, int]) -> None:
    """Make rows of a part of a table; names that are new get the next number."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    for place, chunk in _placed(part[APP_NAME]):
        names = chunk.dictionary.to_pylist()
        codes = np.array([apps.setdefault(name, len(apps)) for name in names], np.uint64)
        tags = codes << np.uint64(TAG_SHIFT)
        rows[place, Row.TAG] = tags[numbers_of(chunk.indices)]
    for place, chunk in _placed(part[LINES]):
        rows[place, Row.TAG] |= numbers_of(chunk).view(np.uint64)
    for place, chunk in _placed(part[SECONDS]):
        rows[place, Row.SECONDS] = numbers_of(chunk)
    for place, chunk in _placed(part[CONTRACT].cast(pa.large_string())):
        contracts = Contracts.pack(chunk).numbered(lambda name: long.setdefault(name, len(long)))
        rows[place, Row.HI], rows[place, Row.LO] = contracts.hi, contracts.lo


def _placed(column: pa.ChunkedArray) -> Iterator[tuple[slice, pa.Array]]:
    """The chunks of a column, and where each stands in it."""
    begin = 0
    for chunk in column.chunks:
        yield slice(begin, begin := begin + len(chunk)), chunk


def _opened(data: bytes) -> parquet.ParquetFile:
    import pyarrow as pa  # noqa: PLC0415 - reading begins without
    from pyarrow import parquet  # noqa: PLC0415 - reading begins without

    return parquet.ParquetFile(
        pa.BufferReader(data), page_checksum_verification=True, read_dictionary=[APP_NAME]
    )


def totals(part: Partial) -> dict[str, int]:
    """The control totals of a partial: its groups, contracts, lines and seconds."""
    return {
        "groups": len(part),
        "contracts": int(part.contracts.starts().sum()),
        "lines": int(part.lines.sum()),
        "seconds": int(part.seconds.sum()),
    }


def only_chunk(column: pa.ChunkedArray) -> Any:
    """The one chunk of a column whose chunks were combined."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    return column.chunk(0) if column.num_chunks else pa.array([], column.type)
