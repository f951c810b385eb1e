"""Bulk files: an action line, then the source it acts on. A pair counts as one line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from engagement_cli.parse.rules import is_blank
from engagement_cli.schema import HIT_ID, Reason
from engagement_cli.sources.blocks import Lines, Refused, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engagement_cli.sources.streams import Stream

_STORES = frozenset({"index", "create"})
_HAS_BODY = _STORES | {"update"}
ACTIONS = _HAS_BODY | {"delete"}

_action = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_text = msgspec.json.Decoder(str | None)


def bulk_blocks(stream: Stream, block_size: int, *, hit_ids: bool = False) -> Iterator[Lines]:
    """The sources of the pairs as blocks of lines; what is no such pair is refused.

    With ``hit_ids`` each block tells the ``_id`` of each of its lines, which stands in the action.
    """
    pairs = _Pairs(hit_ids=hit_ids)
    for block in cut(stream, block_size):
        yield pairs.sources(block)
    if pairs.pending is not None:
        last = Lines.of(b"", 0, [], [pairs.pending])
        yield replace(last, hit_ids=[]) if hit_ids else last


def action_of(line: bytes) -> str | None:
    """The action that a line asks for; None if it is no action line."""
    try:
        action = _action.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    (name, *more) = action or [""]
    return name if name in ACTIONS and not more else None


class _Pairs:
    """Goes through lines in order, and remembers an action line until its source comes.

    Attributes:
        pending: The last action line, refused as having no source; None behind a source.
    """

    def __init__(self, *, hit_ids: bool) -> None:
        self.pending: Refused | None = None
        self._stores = True
        self._number = 0
        self._tells_ids = hit_ids
        self._hit_id: str | None = None

    def sources(self, block: Lines) -> Lines:
        """The sources of one block of lines."""
        sources: list[bytes] = []
        places: list[tuple[int, int]] = []
        refused: list[Refused] = []
        hit_ids: list[str | None] = []
        at = block.offset
        for line in block.bytes.split(b"\n"):
            self._number += 1
            place = (self._number, at)
            at += len(line) + 1
            if is_blank(line):
                continue
            if self.pending is None:
                self._take_action(line, place, refused)
            elif self._stores:
                sources.append(line)
                places.append(place)
                hit_ids.append(self._hit_id)
                self.pending = None
            else:
                refused.append(self.pending)
                self.pending = None
        self._number -= block.bytes.endswith(b"\n")
        lines = Lines.of(b"\n".join(sources), 0, places, refused)
        return replace(lines, hit_ids=hit_ids) if self._tells_ids else lines

    def _take_action(self, line: bytes, place: tuple[int, int], refused: list[Refused]) -> None:
        action = action_of(line)
        refusal = Refused(*place, Reason.ACTION, line)
        if action in _HAS_BODY:
            self.pending = refusal
            self._stores = action in _STORES
            if self._tells_ids and self._stores:
                self._take_id(line)
        else:
            refused.append(refusal)

    def _take_id(self, line: bytes) -> None:
        """Remember the ``_id`` of an action; one that is no string has its pair refused."""
        assert self.pending is not None
        ((_, members),) = _action.decode(line).items()
        try:
            raw = members.get(HIT_ID)
            self._hit_id = None if raw is None else _text.decode(raw)
        except msgspec.ValidationError:
            self.pending = self.pending._replace(reason=Reason.ID_TYPE)
            self._stores = False
