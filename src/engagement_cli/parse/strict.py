"""The strict reader: each line by msgspec's types, and what these refuse by the rules."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np

from engagement_cli.parse.chunk import Chunk
from engagement_cli.parse.rules import (
    BrokenRuleError,
    Reject,
    has_many_brackets,
    is_blank,
    judge,
    start_of,
)
from engagement_cli.schema import (
    APP_NAME,
    CONTRACT,
    HIT_ID,
    MAC,
    MAX_LINE_BYTES,
    MAX_SECONDS,
    SECONDS,
    SOURCE,
)
from engagement_cli.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement_cli.contracts import Indices
    from engagement_cli.parse.rules import Fields
    from engagement_cli.vocabulary import Vocabulary

_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Source(msgspec.Struct, gc=False):
    """A source that plainly keeps the rules."""

    contract: str = msgspec.field(name=CONTRACT)
    seconds: Annotated[int, msgspec.Meta(ge=0, le=MAX_SECONDS)] = msgspec.field(name=SECONDS)
    app: str | None = msgspec.field(name=APP_NAME, default=None)


class _SourceWithMac(_Source, gc=False):
    mac: str | None = msgspec.field(name=MAC, default=None)


def read(
    data: bytes, *, bare: bool, fields: Fields, vocabulary: Vocabulary
) -> tuple[Chunk, Indices]:
    """Judge every line of some text.

    Args:
        data: Whole lines.
        bare: Whether each line is a source and not a hit that holds one.
        fields: The optional fields that are read.
        vocabulary: The names that the chunk refers to.

    Returns:
        The chunk, its rejects placed by line and byte of ``data``; and int64, shape (n,): the line
        in ``data`` of each valid one, from 1.
    """
    decoder = _decoder(bare, fields)
    hits, broken = _read_at_once(decoder, data), list[Reject]()
    numbers: Sequence[int] = range(1, len(hits) + 1)
    tally = Tally(len(hits))
    if not hits:
        hits, numbers, tally, broken = _read_each(decoder, data, bare=bare, fields=fields)
    sources = hits if bare else [hit.source for hit in hits]
    chunk = Chunk.of_columns(
        [source.contract for source in sources],
        [source.app for source in sources],
        [source.seconds for source in sources],
        macs=[source.mac for source in sources] if fields.mac else None,
        hit_ids=[hit.hit_id for hit in hits] if fields.hit_id else None,
        vocabulary=vocabulary,
        tally=tally,
        rejects=broken,
    )
    return chunk, np.array(numbers, np.int64)


@cache
def _decoder(bare: bool, fields: Fields) -> msgspec.json.Decoder[Any]:
    """A decoder for lines that plainly keep the rules."""
    source = _SourceWithMac if fields.mac else _Source
    members: list[Any] = [] if bare else [("source", source, msgspec.field(name=SOURCE))]
    if fields.hit_id:
        members.append(("hit_id", str | None, msgspec.field(name=HIT_ID, default=None)))
    bases = (source,) if bare else ()
    return msgspec.json.Decoder(msgspec.defstruct("_Line", members, bases=bases, gc=False))


def _read_at_once(decoder: msgspec.json.Decoder[Any], data: bytes) -> list[Any]:
    """The hits of a block whose lines all plainly keep the rules, else none.

    msgspec reads objects and not lines. Where ``}``, a line end and ``{`` stand together no object
    goes on, so when they do at every line end, as many objects as lines are one object a line.
    """
    count = data.count(b"\n") + (not data.endswith(b"\n"))
    apart = data.count(b"}\n{") or data.count(b"}\r\n{")
    if apart + 1 != count or not _types_suffice(data):
        return []
    try:
        hits = decoder.decode_lines(data)
    except _REFUSED:
        return []
    if len(hits) != count or (has_many_brackets(data) and _some_may_be_deep(data)):
        return []
    return hits


def _read_each(
    decoder: msgspec.json.Decoder[Any], data: bytes, *, bare: bool, fields: Fields
) -> tuple[list[Any], list[int], Tally, list[Reject]]:
    """The hits line by line: by the types where they suffice, else by the rules."""
    decode = decoder.decode if _types_suffice(data) else _refuse
    hits: list[Any] = []
    numbers: list[int] = []
    rejects: list[Reject] = []
    number = blank = at = 0
    for number, line in enumerate(_split(data), start=1):
        try:
            hits.append(decode(line) if not has_many_brackets(line) else _refuse(line))
            numbers.append(number)
        except _REFUSED:
            if is_blank(line):
                blank += 1
            else:
                try:
                    hits.append(judge(line, bare=bare, fields=fields))
                    numbers.append(number)
                except BrokenRuleError as error:
                    rejects.append(Reject(number, at, error.reason, start_of(line)))
        at += len(line) + 1
    reasons = Counter(reject.reason for reject in rejects)
    return hits, numbers, Tally(number, blank=blank, rejected=reasons), rejects


def _refuse(_: bytes) -> Any:
    raise msgspec.DecodeError


def _some_may_be_deep(data: bytes) -> bool:
    return any(map(has_many_brackets, data.split(b"\n")))


def _types_suffice(data: bytes) -> bool:
    """Whether msgspec's types say all about these lines.

    They skip what they do not keep without a look for invalid UTF-8, take NUL for a character
    like others, and know no longest line.
    """
    try:
        str(data, "utf-8")
    except UnicodeDecodeError:
        return False
    return b"\\u0000" not in data and len(data) <= MAX_LINE_BYTES


def _split(data: bytes) -> list[bytes]:
    """The lines without their ends; what follows the last end is a line only if it is there."""
    split = data.split(b"\n")
    if not split[-1]:
        split.pop()
    return split
