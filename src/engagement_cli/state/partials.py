"""Partials as Parquet files: columns any tool can read, checked when written and when read.

Rows are ordered by contract and app. Every page has its checksum, the whole file has its hash in
its name, and the footer says under the key ``engagement`` what was summed.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engagement_cli.aggregate import Partial, codes_in
from engagement_cli.contracts import Contracts
from engagement_cli.errors import StateError
from engagement_cli.frames import int64_array, numbers_of, text_array
from engagement_cli.kernel.layout import TAG_SHIFT, Row
from engagement_cli.schema import APP_NAME, CONTRACT, LINES, SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from pyarrow import parquet

    from engagement_cli.kernel.layout import Words

FOOTER_KEY = b"engagement"
SUFFIX = ".parquet"
_NAME_DIGITS = 16
_ROW_GROUPS = 2
"""Parts of a file that threads read side by side."""
_FEW_ROWS = 100_000
"""A part has no fewer."""
_ENCODINGS = {
    CONTRACT: "DELTA_BYTE_ARRAY",
    SECONDS: "DELTA_BINARY_PACKED",
    LINES: "DELTA_BINARY_PACKED",
}


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


def encode(partial: Partial, footer: Mapping[str, Any]) -> Encoded:
    """Write a partial as Parquet, in memory; its control totals join the footer."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    footer = {**footer, **totals(partial)}
    sums = partial.canonical()
    table = pa.table(
        {
            CONTRACT: sums.contracts.strings(),
            APP_NAME: pa.DictionaryArray.from_arrays(int64_array(sums.app), text_array(sums.apps)),
            SECONDS: int64_array(sums.seconds),
            LINES: int64_array(sums.lines),
        }
    )
    rows = max(-(-len(table) // _ROW_GROUPS), _FEW_ROWS)
    how = {"use_dictionary": [APP_NAME], "column_encoding": _ENCODINGS, "row_group_size": rows}
    return encoded(table, footer, **how)


def encoded(table: pa.Table, footer: dict[str, Any], **how: Any) -> Encoded:
    """Write a table with a footer as Parquet, in memory; ``how`` is for Arrow."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without
    from pyarrow import parquet  # noqa: PLC0415 - reading begins without

    sink = pa.BufferOutputStream()
    parquet.write_table(
        table.replace_schema_metadata({FOOTER_KEY: json.dumps(footer)}),
        sink,
        compression="zstd",
        write_page_checksum=True,
        write_statistics=False,
        **how,
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
        table, footer = _decode(data)
        columns = dict(zip(table.column_names, table.columns, strict=True))
        del table
        partial = _partial(columns)
    told = totals(partial)
    if told != {name: footer.get(name) for name in told}:
        raise StateError(f"{path}: does not add up to the totals in its footer.")
    return Decoded(partial, footer, len(data), found)


def read_back(path: Path, written: Encoded) -> None:
    """Make sure that a file holds what was to be written to it: every byte, and what they mean.

    Raises:
        StateError: It does not; the message says only that.
    """
    data, _ = checked(path, written.sha256)
    with _understood(path):
        table, footer = _decode(data)
        same = footer == written.footer and _is_same(table, written.table)
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


def _decode(data: bytes) -> tuple[pa.Table, dict[str, Any]]:
    """The table that bytes hold, with one dictionary in all its chunks, and their footer."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    file = _opened(data)
    with ThreadPoolExecutor(_ROW_GROUPS) as pool:
        numbers = range(file.num_row_groups)
        parts = list(pool.map(lambda number: _opened(data).read_row_group(number), numbers))
    table = pa.concat_tables(parts or [file.read()]).unify_dictionaries()
    return table, json.loads(file.metadata.metadata[FOOTER_KEY])


def _partial(columns: dict[str, pa.ChunkedArray]) -> Partial:
    """The partial that columns hold; each is let go when it is taken over, since all are large."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    app = columns.pop(APP_NAME)
    apps = app.chunk(0).dictionary.to_pylist() if app.num_chunks else []
    rows = np.empty((len(app), len(Row)), np.uint64)
    for place, chunk in _placed(app):
        rows[place, Row.TAG] = numbers_of(chunk.indices).astype(np.uint64) << np.uint64(TAG_SHIFT)
    for place, chunk in _placed(columns.pop(LINES)):
        rows[place, Row.TAG] |= numbers_of(chunk).view(np.uint64)
    for place, chunk in _placed(columns.pop(SECONDS)):
        rows[place, Row.SECONDS] = numbers_of(chunk)
    long: dict[str, int] = {}
    for place, names in _placed(columns.pop(CONTRACT).cast(pa.large_string())):
        contracts = Contracts.pack(names).numbered(lambda name: long.setdefault(name, len(long)))
        rows[place, Row.HI], rows[place, Row.LO] = contracts.hi, contracts.lo
    return Partial(rows, tuple(apps), tuple(long))


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


def totals(partial: Partial) -> dict[str, int]:
    """The control totals of a partial: its groups, contracts, lines and seconds."""
    return {
        "groups": len(partial),
        "contracts": int(partial.contracts.starts().sum()),
        "lines": int(partial.lines.sum()),
        "seconds": int(partial.seconds.sum()),
    }


def only_chunk(column: pa.ChunkedArray) -> Any:
    """The one chunk of a column whose chunks were combined."""
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    return column.chunk(0) if column.num_chunks else pa.array([], column.type)
