"""Shapes: what the lines of an export have in common, learned from a sample of them.

Nearly all lines of an export are one text with other values in it. A shape is that text cut at the
values: literal pieces, and between them fields of a known kind. It is learned from lines that an
independent parser took for strict JSON, so that any line made of the same pieces with valid values
between them is strict JSON too, and means what its fields say.

This module knows nothing about how a shape is matched; :mod:`engagement_cli.kernel.scan` does.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn

from engagement_cli import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Mode = Literal["hits", "source", "bulk"]

MAX_SHAPES = 8
"""Shapes kept from one sample, the most frequent first; a file has a handful."""
MAX_KNOWN = 32
"""Shapes kept in one run, the newest first."""
MAX_TEMPLATE_BYTES = 4096
"""A longer line teaches nothing: shapes stay small enough for the cache."""
MAX_NESTING = 64
"""A line with more objects and arrays teaches nothing: how deep is too deep, others say."""
MIN_LINES_FOR_CONSTANT = 8
"""A value must repeat in this many lines before it is taken for a constant."""


class Kind(IntEnum):
    """What stands between two literal pieces."""

    NOTHING = 0
    """No field: more text follows, or the line ends."""
    TEXT = 1
    """A string that nobody asked for, without its quotes."""
    ATOM = 2
    """A number, ``true``, ``false`` or ``null`` that nobody asked for."""
    CONTRACT = 3
    NUMBERED = 4
    """A contract that is written as an integer: its digits."""
    APP = 5
    SECONDS = 6
    """``TotalDuration``: digits."""
    MAC = 7
    ID = 8


@dataclass(frozen=True, slots=True)
class Shape:
    """One text with fields in it: ``pieces[0] field[0] pieces[1] ... field[n-1] pieces[n]``.

    Attributes:
        pieces: Literal bytes, one more than there are fields; the last one ends in a newline.
        kinds: What each field is.
    """

    pieces: tuple[bytes, ...]
    kinds: tuple[Kind, ...]

    def with_constants(self, values: list[tuple[bytes, ...]]) -> Shape:
        """Return the shape with ignored fields that never vary in ``values`` made literal."""
        pieces, kinds = [self.pieces[0]], []
        for kind, column, piece in zip(
            self.kinds, zip(*values, strict=True), self.pieces[1:], strict=True
        ):
            if kind in (Kind.TEXT, Kind.ATOM) and len(set(column)) == 1:
                pieces[-1] += column[0] + piece
            else:
                kinds.append(kind)
                pieces.append(piece)
        return Shape(tuple(pieces), tuple(kinds))


def learn(sample: bytes, mode: Mode) -> tuple[Shape, ...]:
    """Return the shapes of the lines in ``sample``, in the order in which to try them.

    Each comes twice when some of its ignored values never vary: first with these taken as part of
    the text, which is faster to match, then as it is, for the day on which they do vary.

    Args:
        sample: Whole lines from the start of the input; a cut last line does no harm.
        mode: ``"hits"`` when the fields stand in ``_source``, ``"source"`` when the line is one,
            ``"bulk"`` when it is one and an action stands on a line before it: two lines, one text.

    Returns:
        Shapes, most frequent first; none when no line of the sample can be learned from.
    """
    seen: dict[Shape, list[tuple[bytes, ...]]] = defaultdict(list)
    for shape, values in _dissected(sample.split(b"\n"), mode):
        seen[shape].append(values)
    frequent = sorted(seen, key=lambda shape: -len(seen[shape]))[:MAX_SHAPES]
    narrow = [s.with_constants(seen[s]) for s in frequent if len(seen[s]) >= MIN_LINES_FOR_CONSTANT]
    return tuple(dict.fromkeys(narrow + frequent))


class KnownShapes:
    """The shapes met in one run. Any thread may ask, and teach more."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: dict[Mode, tuple[Shape, ...]] = {}

    def of(self, mode: Mode) -> tuple[Shape, ...]:
        """The shapes so far, in the order in which to try them."""
        return self._of.get(mode, ())

    def learn(self, sample: bytes, mode: Mode) -> tuple[Shape, ...]:
        """Learn from lines that none of them matched; what is new, which is to be tried first."""
        found = learn(sample, mode)
        with self._lock:
            self._of[mode] = tuple(dict.fromkeys(found + self.of(mode)))[:MAX_KNOWN]
        return found


_STORING = ("index", "create")
"""The actions that bulk files store a source with."""
_STRING = r'"(?:[^"\\]|\\.)*+"'
_TOKEN = re.compile(
    rf'(?P<key>{_STRING})[ \t\r]*:|(?P<value>{_STRING}|[^][{{}}:,"\s]+)'
    r"|(?P<open>[{[])|(?P<close>[]}])"
)
_PLAIN_LINE = re.compile(r"(?:[^\0-\x08\n-\x0c\x0e-\x1f\x7f\\\ufffd]|\\(?!u[Dd][89A-Fa-f]).)*+")
"""Without control characters, halves of surrogate pairs, and U+FFFD, as which is decoded what is
not UTF-8."""
_PLAIN_ATOM = re.compile(r"null|true|false|-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")
_PLAIN_INTEGER = re.compile(r"0|[1-9][0-9]{0,15}")
_DIGITS = re.compile(r'"?(0|[1-9][0-9]{0,7})("|\.0+)?')


def _dissected(lines: list[bytes], mode: Mode) -> Iterator[tuple[Shape, tuple[bytes, ...]]]:
    """Yield the shape and the values of each line, or pair of lines, to learn from."""
    wanted, actions = _wanted_paths(mode), _wanted_paths("action")
    behind_action = None
    for line in lines:
        if mode == "bulk" and behind_action is None:
            behind_action = _dissect(line, actions, _is_strict_action)
            continue
        parts = _dissect(line, wanted, partial(_is_strict_hit, mode=mode))
        if parts is not None and behind_action is not None:
            parts = behind_action.before(parts)
        behind_action = None
        if parts is not None and parts.tells_enough:
            yield Shape(tuple(parts.pieces), tuple(parts.kinds)), tuple(parts.values)


class _Parts(NamedTuple):
    """A line cut at its values; the last piece ends in a newline."""

    pieces: list[bytes]
    kinds: list[Kind]
    values: list[bytes]

    def before(self, other: _Parts) -> _Parts:
        """The two lines as one text."""
        pieces = [*self.pieces[:-1], self.pieces[-1] + other.pieces[0], *other.pieces[1:]]
        return _Parts(pieces, self.kinds + other.kinds, self.values + other.values)

    @property
    def tells_enough(self) -> bool:
        """Whether there are a contract and seconds."""
        contracts = self.kinds.count(Kind.CONTRACT) + self.kinds.count(Kind.NUMBERED)
        return contracts == self.kinds.count(Kind.SECONDS) == 1


def _dissect(
    line: bytes, wanted: dict[tuple[str, ...], Kind], is_strict: Callable[[str], bool]
) -> _Parts | None:
    """Return one line cut at its values, or None when it is not one to learn from."""
    text = line.decode(errors="replace")
    if len(line) > MAX_TEMPLATE_BYTES or not _PLAIN_LINE.fullmatch(text):
        return None
    if text.count("{") + text.count("[") > MAX_NESTING or not is_strict(text):
        return None
    parts, done = _Parts([], [], []), 0
    for path, start, stop in _scalars(text):
        field = _field(wanted.get(path, Kind.TEXT), text[start:stop])
        if field is None:
            return None
        kind, left, right = field
        if kind is Kind.NOTHING:
            continue
        parts.pieces.append(text[done : start + left].encode())
        parts.kinds.append(kind)
        parts.values.append(text[start + left : start + right].encode())
        done = start + right
    parts.pieces.append(text[done:].encode() + b"\n")
    return parts


def _wanted_paths(mode: Mode | Literal["action"]) -> dict[tuple[str, ...], Kind]:
    if mode == "action":
        return {(action, schema.HIT_ID): Kind.ID for action in _STORING}
    source = ("_source",) if mode == "hits" else ()
    paths = {
        (*source, schema.CONTRACT): Kind.CONTRACT,
        (*source, schema.APP_NAME): Kind.APP,
        (*source, schema.SECONDS): Kind.SECONDS,
        (*source, schema.MAC): Kind.MAC,
    }
    return paths if mode == "bulk" else paths | {(schema.HIT_ID,): Kind.ID}


def _is_strict_hit(text: str, mode: Mode) -> bool:
    """Whether ``text`` is one JSON object by RFC 8259, no key twice in an object, the app a string.

    That the other fields are there and scalar is seen when the text is cut; an app may be missing.
    """
    record = _strict_object(text)
    source = record and record.get("_source") if mode == "hits" else record
    return isinstance(source, dict) and isinstance(source.get(schema.APP_NAME), str | None)


def _is_strict_action(text: str) -> bool:
    """Whether ``text`` is such an object, of one member that says to store the next line."""
    members = [*(_strict_object(text) or {}).items()]
    return len(members) == 1 and members[0][0] in _STORING and isinstance(members[0][1], dict)


def _strict_object(text: str) -> dict[str, object] | None:
    """The members of a JSON object by RFC 8259, no key twice in an object; None if it is none."""

    def refuse(_: object) -> NoReturn:
        raise ValueError

    def distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        return members if len(members) == len(pairs) else refuse(pairs)

    try:
        record = json.loads(text, object_pairs_hook=distinct, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _scalars(text: str) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Yield each scalar value of a valid text: its path of keys, start and stop.

    An array adds an empty key to the path.
    """
    path: list[str] = []
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "open":
                path.append("")
            case "close":
                path.pop()
            case "key":
                path[-1] = json.loads(token["key"])
            case _:
                yield tuple(path), *token.span()


def _field(kind: Kind, scalar: str) -> tuple[Kind, int, int] | None:
    """Return what a scalar becomes and which part of its text varies, or None to refuse the line.

    ``NOTHING`` stands for a scalar that belongs to the text around it.
    """
    is_string = scalar.startswith('"')
    if kind is Kind.SECONDS:
        digits = _DIGITS.fullmatch(scalar)
        if digits is None or is_string != scalar.endswith('"'):
            return None
        return kind, *digits.span(1)
    if is_string:
        is_told = kind is Kind.TEXT or "\\" not in scalar
        return (kind, 1, len(scalar) - 1) if is_told else None
    if kind is Kind.CONTRACT:
        return (Kind.NUMBERED, 0, len(scalar)) if _PLAIN_INTEGER.fullmatch(scalar) else None
    if kind is Kind.APP:  # null: a text of its own, with the app ""
        return Kind.NOTHING, 0, 0
    return (Kind.ATOM, 0, len(scalar)) if _PLAIN_ATOM.fullmatch(scalar) else None
