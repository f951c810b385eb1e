"""One text read in every way: by shape, by the strict reader, and by the rules alone.

Texts are made for a shape of file, mostly of ordinary lines that machine code takes, in several key
orders, with odd lines between them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

from engagement_cli.errors import InputError
from engagement_cli.parse import strict
from engagement_cli.parse.formats import DOCUMENTS
from engagement_cli.parse.reader import Reader, numbered
from engagement_cli.parse.rules import Fields
from engagement_cli.sources.blocks import BOM
from engagement_cli.sources.discover import Source
from engagement_cli.sources.streams import open_stream
from engagement_cli.tally import Tally
from engagement_cli.vocabulary import Vocabulary
from hostile_lines import LINES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from random import Random

    from engagement_cli.kernel.shapes import KnownShapes
    from engagement_cli.parse.chunk import Chunk
    from engagement_cli.parse.formats import Shape
    from engagement_cli.parse.rules import Reject

WHOLE = 1 << 20
"""A block that holds any of these texts."""
FIELDS = [Fields(), Fields(mac=True), Fields(hit_id=True), Fields(mac=True, hit_id=True)]
SOURCES = [
    b'{"Contract":"C%05d","Mac":"0C96E62FC55C","TotalDuration":254,"AppName":"KPLUS","_id":"own"}',
    b'{"TotalDuration":86401,"AppName":"VOD","Contract":"D%05d","Mac":"0C96E62FC55D"}',
    b'{"AppName": "CHILD", "Contract": "10.0.%d", "TotalDuration": 0, "Mac": "1"}',
    b'{"Contract":"S%d","Mac":"2","TotalDuration":"77","AppName":null,"_id":"own","x":[1,{}]}',
    '{"Contract":%d,"Mac":"3","TotalDuration":5,"AppName":"Thể Thao","_id":"số"}'.encode(),
    '{"Contract":"Hộ %d","T":"\\u00e1\\/","Mac":"4","TotalDuration":6,"_id":"own"}'.encode(),
]
WRAPS = [
    b'{"_index":"history","_type":"kplus","_score":0,"_source":%b,"_id":"AX_%d"}',
    b'{"_index":"history","_id":"BX_%d","_score":-1.5,"_source":%b}',
    b'{"_index": "history", "_source": %b, "sort": [12, null], "_id": "CX_%d"}',
    '{"_index":"xem_phim_tháng","_title":"Phim\\n\\u1ec1","_source":%b,"_id":"DX_%d"}'.encode(),
]
ACTIONS = [
    b'{"index":{"_index":"history","_id":"AX_%d"}}',
    b'{"create": {"_id": "BX_%d", "_type": "kplus"}}',
    b'{"index":{"_index":"history-%d"}}',
    '{"index":{"_index":"tháng\\/","_id":"CX_%d"}}'.encode(),
]
ODD_ACTIONS = [
    b'{"delete":{"_id":"x"}}',
    b'{"update":{"_id":"x"}}',
    b'{"index":{"_id":5}}',
    b'{"index":{"_id":null}}',
    b'{"index":{"_id":"\xff"}}',
    b'{"index":{"_id":"\\ud800"}}',
    b'{"index":{"_id":"a","_id":"b"}}',
    b'{"index":{},"create":{}}',
    b'{"index":{"x":' + b"[" * 520 + b"]" * 520 + b"}}",
    b'{"index":5}',
    b"{}",
]
FRAGMENTS = [
    b'"', b"\\", b"\n", b"\r", b"\t", b"\0", b"\x1f", b"\x7f", b"\x80", b"\xc3\xa9", b"\xff", b" ",
    b"0", b"-", b"-0", b"00", b".0", b"1e3", b"9999999999", b",", b":", b"{", b"}", b"[", b"]",
    b"null", b"true", b"{}", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\\u0041", b"\\ud83d", b"a" * 40,
    b'"_source":', b'"Contract":"X",', b'"TotalDuration":1,', b'"AppName":null,', b'"Mac":7,',
    b'"_id":"y",', b'"x":{"Contract":"no"},', "Tiếng".encode(), b"[" * 510, b"]" * 510,
    b"\\/", b'"Contract":7,',
    b'{"index":{}}\n', b'{"delete":{}}\n',
]  # fmt: skip
_ODD_HITS = [line.text for line in LINES if len(line.text) < WHOLE // 100]


class Result(NamedTuple):
    """What was read: the columns of the valid lines in order, and an account of all."""

    columns: tuple[list[object], ...]
    tally: Tally
    height: int
    rejects: list[tuple[str, Reject]]


def read(
    paths: Sequence[Path],
    known: KnownShapes | None = None,
    *,
    shape: Shape | None = None,
    fields: Fields = FIELDS[0],
    block_size: int = WHOLE,
    by_rules: bool = False,
) -> Result | str:
    """Read files with readers that share what they know; an error as its text.

    Args:
        paths: The files.
        known: The shapes met so far; None for the strict reader.
        shape: The shape of the files; None to recognise each.
        fields: The optional fields that are read.
        block_size: Bytes a block.
        by_rules: Whether to judge each line by the rules, and none by types.
    """
    if by_rules:
        with mock.patch.object(strict, "_types_suffice", return_value=False):
            return read(paths, shape=shape, fields=fields, block_size=block_size)
    vocabulary = Vocabulary()
    chunks: list[Chunk] = []
    rejects: list[tuple[str, Reject]] = []
    try:
        for path in paths:
            with open_stream(Source(str(path), None, path.stat().st_size)) as stream:
                reader = Reader(
                    stream, shape=shape, fields=fields, vocabulary=vocabulary, known=known
                )
                lines = 0
                for _, task in reader.tasks(block_size):
                    chunk = task()
                    chunks.append(chunk)
                    placed = numbered(chunk.rejects, reader.shape, lines)
                    rejects += [(path.name, reject) for reject in placed]
                    lines += chunk.height
    except InputError as error:
        return str(error)
    return result_of(chunks, rejects)


def result_of(chunks: Sequence[Chunk], rejects: list[tuple[str, Reject]]) -> Result:
    """What chunks hold, one behind another."""
    columns: tuple[list[object], ...] = ([], [], [], [], [])
    for chunk in chunks:
        apps = chunk.vocabulary.apps.all()
        columns[0].extend(chunk.contracts.strings().to_pylist())
        columns[1].extend(apps[code] for code in chunk.app.tolist())
        columns[2].extend(chunk.seconds.tolist())
        columns[3].extend([] if chunk.macs is None else chunk.macs.strings().to_pylist())
        columns[4].extend([] if chunk.hit_ids is None else chunk.hit_ids.to_pylist())
    tally = sum((chunk.tally for chunk in chunks), Tally())
    return Result(columns, tally, sum(chunk.height for chunk in chunks), rejects)


def alike(one: Result | str, other: Result | str) -> bool:
    """Whether two readers told the same, but for how much of it was matched."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return one == other._replace(tally=replace(other.tally, shape_matched=one.tally.shape_matched))


# --- texts ------------------------------------------------------------------------------------


def ordinary(shape: Shape, number: int, order: int) -> bytes:
    """The n-th ordinary hit of a shape, in one of several key orders; a pair has two lines."""
    source = SOURCES[order % len(SOURCES)] % number
    if shape == "source":
        return source
    if shape == "bulk":
        action = ACTIONS[order % len(ACTIONS)] % number
        return action + b"\n" + source
    wrap = WRAPS[order % len(WRAPS)]
    first_is_id = wrap.index(b"%d") < wrap.index(b"%b")
    return wrap % ((number, source) if first_is_id else (source, number))


def text_of(shape: Shape, records: Sequence[bytes], end: bytes = b"\n") -> bytes:
    """The records as a file of their shape."""
    if shape == "array":
        return b"[" + (b"," + end).join(records) + b"]" + end
    if shape == "search":
        half = len(records) // 2
        pages = ((b"," + end).join(part) for part in (records[:half], records[half:]))
        return end.join(b'{"took":3,"hits":{"total":9,"hits":[' + page + b"]}}" for page in pages)
    return b"".join(record.replace(b"\n", end) + end for record in records)


def made(shape: Shape, random: Random, odd: float = 0.6) -> bytes:
    """A file of stretches of ordinary hits, each in a key order of its own, and odd ones between.

    Behind a stretch stands an odd one with probability ``odd``. A document mostly does without: one
    broken hit may break it all.
    """
    odd = odd / 3 if shape in DOCUMENTS else odd
    records: list[bytes] = []
    for _ in range(random.randint(1, 4)):
        order = random.randint(0, 11)
        for _ in range(random.choice([1, 3, 12])):
            records.append(ordinary(shape, len(records), order))
        if random.random() < odd:
            records.append(_odd(shape, random))
    text = text_of(shape, records, random.choice([b"\n", b"\n", b"\r\n"]))
    if random.random() < 0.2:
        text = text.rstrip()
    return BOM + text if random.random() < 0.1 else text


def _odd(shape: Shape, random: Random) -> bytes:
    if shape == "bulk" and random.random() < 0.5:
        return random.choice(ODD_ACTIONS)
    if shape not in {"source", "bulk"} and random.random() < 0.3:
        return random.choice(_ODD_HITS)
    if shape not in DOCUMENTS and random.random() < 0.2:
        return random.choice([b"", b" \t", b"\r"])
    return mutated(ordinary(shape, 7, random.randint(0, 11)), random)


def mutated(text: bytes, random: Random) -> bytes:
    """A text with a few of its bytes flipped, doubled, left out, or exchanged for a fragment."""
    line = bytearray(text)
    for _ in range(random.randint(1, 3)):
        start = random.randint(0, len(line))
        stop = min(start + random.randint(0, 12), len(line))
        piece = bytes(line[start:stop])
        number = b"%d" % random.randint(0, 1 << 33)
        flipped = bytes(byte ^ 1 << random.randint(0, 7) for byte in piece[:1]) + piece[1:]
        line[start:stop] = random.choice(
            [random.choice(FRAGMENTS), number, piece[::-1], flipped, piece * 2]
        )
    return bytes(line)
