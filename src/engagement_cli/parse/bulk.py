"""Bulk files: an action line, then the source it acts on. A pair counts as one line."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from engagement_cli.parse import strict
from engagement_cli.parse.rules import Fields, Reject, is_blank, is_too_deep, start_of
from engagement_cli.schema import HIT_ID, MAX_LINE_BYTES, Reason
from engagement_cli.sources.blocks import last_line_end
from engagement_cli.tally import Tally

if TYPE_CHECKING:
    from engagement_cli.contracts import Indices
    from engagement_cli.parse.chunk import Chunk
    from engagement_cli.vocabulary import Vocabulary

_STORES = frozenset({"index", "create"})
_HAS_BODY = _STORES | {"update"}
ACTIONS = _HAS_BODY | {"delete"}

_action = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_text = msgspec.json.Decoder(str | None)


def action_of(line: bytes) -> str | None:
    """The action that a line asks for; None if it is no action line."""
    if len(line) > MAX_LINE_BYTES or is_too_deep(line):
        return None
    try:
        str(line, "utf-8")
        action = _action.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    (name, *more) = action or [""]
    return name if name in ACTIONS and not more else None


def last_pair_end(buffer: bytearray, stop: int) -> int:
    """Where the last line of ``buffer[:stop]`` ends behind which no action waits for its source.

    None waits behind a line that is no action, whatever stands before it. Where all lines are
    actions they are gone through from the first one, before which none waits.
    """
    end = last_line_end(buffer, stop)
    while end:
        begin = last_line_end(buffer, end - 1)
        line = bytes(buffer[begin:end])
        if not is_blank(line) and action_of(line) is None:
            return end
        end = begin
    pairs = Pairs(Fields())
    at = 0
    for line in bytes(buffer[: last_line_end(buffer, stop)]).split(b"\n")[:-1]:
        pairs.take(line)
        at += len(line) + 1
        end = end if pairs.waits else at
    return end


def read(text: bytes, fields: Fields, vocabulary: Vocabulary) -> Chunk:
    """Judge whole bulk lines, before the first of which no action waits for its source."""
    pairs = Pairs(fields)
    pairs.take(text)
    pairs.end()
    chunk, _ = pairs.judged(vocabulary)
    return replace(chunk, source_lines=text.count(b"\n") + (not text.endswith(b"\n")))


class Pairs:
    """Goes through bulk lines in order, and keeps the sources of the pairs."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._sources: list[bytes] = []
        self._places: list[tuple[int, int]] = []
        self._hit_ids: list[str | None] = []
        self._refused: list[Reject] = []
        self._waiting: Reject | None = None
        self._stores = True
        self._hit_id: str | None = None

    def __len__(self) -> int:
        return len(self._sources)

    @property
    def waits(self) -> bool:
        """Whether the last line was an action that waits for its source."""
        return self._waiting is not None

    def take(self, text: bytes, line: int = 0, byte: int = 0) -> None:
        """Go through the lines of a text, before which there are so many lines and bytes."""
        for number, one in enumerate(text.split(b"\n"), start=line + 1):
            if is_blank(one):
                pass
            elif self._waiting is None:
                self._take_action(one, number, byte)
            elif self._stores:
                self._sources.append(one)
                self._places.append((number, byte))
                self._hit_ids.append(self._hit_id)
                self._waiting = None
            else:
                self.end()
            byte += len(one) + 1

    def end(self) -> None:
        """The action that waits gets no source."""
        if self._waiting is not None:
            self._refused.append(self._waiting)
            self._waiting = None

    def judged(self, vocabulary: Vocabulary) -> tuple[Chunk, Indices]:
        """The chunk of the sources, with every line that is in no pair among its rejects.

        Returns:
            The chunk, its rejects by line and byte of what was gone through; and int64, shape (n,):
            which source each of its lines is, from 1.
        """
        chunk, numbers = strict.read(
            b"\n".join(self._sources),
            bare=True,
            fields=self._fields._replace(hit_id=False),
            vocabulary=vocabulary,
        )
        if self._fields.hit_id:
            chunk = chunk.with_hit_ids(self._hit_ids)
        rejects = [self._placed(reject) for reject in chunk.rejects] + self._refused
        reasons = Counter(reject.reason for reject in self._refused)
        return replace(
            chunk,
            tally=chunk.tally + Tally(len(self._refused), rejected=reasons),
            rejects=tuple(sorted(rejects, key=lambda reject: reject.byte)),
        ), numbers

    def _placed(self, reject: Reject) -> Reject:
        line, byte = self._places[reject.line - 1]
        return replace(reject, line=line, byte=byte)

    def _take_action(self, text: bytes, line: int, byte: int) -> None:
        action = action_of(text)
        refusal = Reject(line, byte, Reason.ACTION, start_of(text))
        self._stores = action in _STORES
        if action not in _HAS_BODY:
            self._refused.append(refusal)
        elif self._stores and self._fields.hit_id:
            self._waiting = self._with_id(text, refusal)
        else:
            self._waiting = refusal

    def _with_id(self, text: bytes, refusal: Reject) -> Reject:
        """Remember the ``_id`` of an action; one that is no string has its pair refused."""
        ((_, members),) = _action.decode(text).items()
        try:
            raw = members.get(HIT_ID)
            self._hit_id = None if raw is None else _text.decode(raw)
        except msgspec.ValidationError:
            self._stores = False
            return replace(refusal, reason=Reason.ID_TYPE)
        return refusal
