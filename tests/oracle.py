"""What the program must answer, worked out slowly: ``json.loads`` a hit at a time and dictionaries.

Nothing here is shared with the program, so that one misunderstanding cannot hide in both.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from backports import zstd

from rules import Rejected, Valid, judge_hit, judge_source, load, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

NOBODY = {"", "0", "None", "NULL", "null"}
TABLE = {
    "TVDuration": ["CHANNEL", "DSHD", "KPLUS", "KPlus"],
    "MovieDuration": ["VOD", "FIMS_RES", "BHD_RES", "VOD_RES", "FIMS", "BHD", "DANET"],
    "ChildDuration": ["CHILD"],
    "RelaxDuration": ["RELAX"],
    "SportDuration": ["SPORT"],
}


class Reject(NamedTuple):
    """A rejected line: its number from 1, where it begins, and why."""

    line: int
    byte: int
    reason: str


@dataclass
class Answer:
    """What became of every line of the files read, and what the valid ones add up to."""

    files: int = 0
    blank: int = 0
    over_day: int = 0
    filtered: int = 0
    accepted: int = 0
    rejects: list[Reject] = field(default_factory=list)
    seconds: Counter[tuple[str, str]] = field(default_factory=Counter)
    lines: Counter[tuple[str, str]] = field(default_factory=Counter)

    def rows(
        self, table: Mapping[str, list[str]] = TABLE, other: str | None = None
    ) -> list[list[str | int]]:
        """One row a contract: the contract, then the seconds of each column of the table."""
        columns = [*table, other] if other else [*table]
        rows: dict[str, list[int]] = {}
        for contract, app in self.lines:
            column = column_of(app, table) or other
            if column is not None:
                row = rows.setdefault(contract, [0] * len(columns))
                row[columns.index(column)] += self.seconds[contract, app]
        return [[contract, *rows[contract]] for contract in sorted(rows)]

    def csv(self, table: Mapping[str, list[str]] = TABLE, other: str | None = None) -> bytes:
        """The rows as RFC 4180 text with line feeds, quoted only where a quote is needed."""
        head: list[str | int] = ["Contract", *table, *([other] if other else [])]
        rows = [head, *self.rows(table, other)]
        return "".join(",".join(map(_cell, row)) + "\n" for row in rows).encode()

    def account(
        self, table: Mapping[str, list[str]] = TABLE, other: str | None = None
    ) -> dict[str, object]:
        """The part of the run's account that follows from the lines alone."""
        rows = self.rows(table, other)
        rejected = Counter(reject.reason for reject in self.rejects)
        return {
            "files": self.files,
            "lines": self.accepted + self.filtered + len(self.rejects) + self.blank,
            "accepted": self.accepted,
            "filtered": self.filtered,
            "rejected": len(self.rejects),
            "blank": self.blank,
            "rejected_by_reason": dict(rejected),
            "over_86400": self.over_day,
            "contracts": len(rows),
            "categories": {
                column: {"contracts": len(self._viewers(apps)), "seconds": self._total(apps)}
                for column, apps in table.items()
            },
            "unmapped": {
                app: {"lines": self._lines_of(app), "seconds": self._total([app])}
                for app in {app for _, app in self.lines}
                if column_of(app, table) is None
            },
        }

    def _viewers(self, apps: Iterable[str]) -> set[str]:
        return {contract for contract, app in self.lines if app in apps}

    def _total(self, apps: Iterable[str]) -> int:
        return sum(seconds for (_, app), seconds in self.seconds.items() if app in apps)

    def _lines_of(self, app: str) -> int:
        return sum(lines for (_, name), lines in self.lines.items() if name == app)


def answer(*paths: Path, shape: str | None = None) -> Answer:
    """Read files whole, each content once; the shape is guessed where it is not given.

    Empty files hold nothing to read twice, and count each.
    """
    total = Answer()
    seen: set[bytes] = set()
    for path in paths:
        if not (stored := path.read_bytes()) or stored not in seen:
            seen.add(stored)
            total.files += 1
            data = unpack(stored)
            _read(data, shape or shape_of(data), total)
    return total


def column_of(app: str, table: Mapping[str, list[str]]) -> str | None:
    """The column that lists an app, or None."""
    return next((column for column, apps in table.items() if app in apps), None)


def rows_of(text: bytes) -> list[list[str | int]]:
    """Rows of a CSV file as the oracle gives them: text first, then integers; header left out."""
    rows = list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))
    return [[row[0], *map(int, row[1:])] for row in rows[1:]]


def unpack(data: bytes) -> bytes:
    """The bytes that were compressed, whatever the method and the number of members."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"BZh"):
        return bz2.decompress(data)
    if data.startswith(b"\xfd7zXZ\x00"):
        return lzma.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd") or data[1:4] == b"\x2a\x4d\x18":  # or holds no data
        return bytes(zstd.decompress(data))
    return data


# --- the shape of a file ----------------------------------------------------------------------

DECODER = json.JSONDecoder(parse_int=Decimal, parse_constant=refuse)


def shape_of(data: bytes) -> str:
    """The shape of a file by its first document that can be read."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip(" \t\r\n")
    if text.startswith("["):
        return "array"
    try:
        first = DECODER.raw_decode(text)[0]
    except ValueError:
        return "hits"
    if not isinstance(first, dict):
        return "hits"
    if isinstance(first.get("hits"), dict):
        return "search"
    if len(first) == 1 and next(iter(first)) in {"index", "create", "update", "delete"}:
        return "bulk"
    bare = "_source" not in first and first.keys() & {"Contract", "TotalDuration", "AppName"}
    return "source" if bare else "hits"


def _read(data: bytes, shape: str, total: Answer) -> None:
    if shape in {"search", "array"}:
        for number, hit in enumerate(_hits_of(data), 1):
            _count(total, number, 0, lambda hit=hit: judge_hit(hit))
        return
    lines = _lines(data, total)
    for number, byte, line in lines:
        if shape == "bulk":
            _count(total, number, byte, lambda line=line: _judge_pair(line, lines))
        else:
            judge = judge_hit if shape == "hits" else judge_source
            _count(total, number, byte, lambda line=line, judge=judge: judge(load(line)))


def _lines(data: bytes, total: Answer) -> Iterator[tuple[int, int, bytes]]:
    """Lines that are not blank, each with its number from 1 and the byte where it begins."""
    byte = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip(b" \t\r"):
            yield number, byte, text
        elif text or byte + len(line) < len(data):  # nothing after the last line feed is no line
            total.blank += 1
        byte += len(line) + 1


def _hits_of(data: bytes) -> Iterator[Any]:
    text = data.removeprefix(b"\xef\xbb\xbf").decode().strip(" \t\r\n")
    while text:
        document, end = DECODER.raw_decode(text)
        yield from document if isinstance(document, list) else document["hits"]["hits"]
        text = text[end:].lstrip(" \t\r\n")


def _judge_pair(line: bytes, lines: Iterator[tuple[int, int, bytes]]) -> Valid:
    action = next(iter(load(line)))
    source = next(lines)[2] if action != "delete" else b""
    if action in {"delete", "update"}:
        raise Rejected("bulk-action")
    return judge_source(load(source))


def _count(total: Answer, number: int, byte: int, judge: Any) -> None:
    try:
        contract, app, seconds = judge()
    except Rejected as verdict:
        total.rejects.append(Reject(number, byte, str(verdict)))
        return
    total.over_day += seconds > 86_400
    if contract in NOBODY or not contract.strip():
        total.filtered += 1
        return
    total.accepted += 1
    total.seconds[contract, app] += seconds
    total.lines[contract, app] += 1


def _cell(value: str | int) -> str:
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if re.search('[,"\r\n]', text) else text
