"""The rules for a line: what is accepted, and the one reason for which anything else is not.

This is the definition. The readers may be faster on lines that are plainly right; whatever they
do not take comes here, so that a line is judged in one place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import msgspec

from engagement_cli.schema import (
    APP_NAME,
    CONTRACT,
    HIT_ID,
    MAC,
    MAX_DEPTH,
    MAX_LINE_BYTES,
    MAX_SECONDS,
    SECONDS,
    SOURCE,
    Reason,
)

_TEXT_BYTES = 120
_SECONDS_DIGITS = len(str(MAX_SECONDS))

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_anything = msgspec.json.Decoder(msgspec.Raw)
_string = msgspec.json.Decoder(str)


class Fields(NamedTuple):
    """Which optional fields are read, and so must keep their rules."""

    mac: bool = False
    hit_id: bool = False


class Hit(NamedTuple):
    """A line that keeps every rule. ``seconds`` is an int from 0 to ``MAX_SECONDS``."""

    contract: str
    seconds: int
    app: str | None
    mac: str | None
    hit_id: str | None

    @property
    def source(self) -> Hit:
        """Itself, so that a judged line is read like a decoded one."""
        return self


class BrokenRuleError(Exception):
    """Says why a line is rejected; never leaves the readers."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reject:
    """A rejected line.

    Attributes:
        line: Its number, from 1; while a block is read, counted from the block's start.
        byte: Where it begins in the decompressed source.
        reason: The rule it breaks.
        text: Its start, with what is not UTF-8 escaped.
    """

    line: int
    byte: int
    reason: Reason
    text: str


def start_of(line: bytes) -> str:
    """The start of a line, fit to be shown."""
    text = line[:_TEXT_BYTES].decode("utf-8", "backslashreplace").rstrip("\r\n")
    return text if len(line) <= _TEXT_BYTES else text + "…"


def is_blank(line: bytes) -> bool:
    """Whether a line holds JSON white space alone."""
    return not line.strip(b" \t\r\n")


def has_many_brackets(text: bytes) -> bool:
    """Whether so many objects and arrays begin in a text that they could be too deep."""
    return text.count(b"{") + text.count(b"[") > MAX_DEPTH


def is_too_deep(line: bytes) -> bool:
    """Whether more than ``MAX_DEPTH`` objects and arrays lie inside each other."""
    return has_many_brackets(line) and _depth(line) > MAX_DEPTH


def judge(line: bytes, *, bare: bool, fields: Fields) -> Hit:
    """Read one line that is not blank.

    Args:
        line: The line, with or without its line end.
        bare: Whether the object itself is the source.
        fields: The optional fields that are read.

    Raises:
        BrokenRuleError: The line is rejected.
    """
    if len(line.rstrip(b"\n")) > MAX_LINE_BYTES:
        raise BrokenRuleError(Reason.TOO_LONG)
    if is_too_deep(line):
        raise BrokenRuleError(Reason.TOO_DEEP)
    hit = _object(line, Reason.NOT_OBJECT)
    source = hit
    if not bare:
        if SOURCE not in hit:
            raise BrokenRuleError(Reason.SOURCE_MISSING)
        source = _object(hit[SOURCE], Reason.SOURCE_TYPE)
    return Hit(
        _contract(source.get(CONTRACT)),
        _seconds(source.get(SECONDS)),
        _text(source.get(APP_NAME), Reason.APP_TYPE),
        _text(source.get(MAC), Reason.MAC_TYPE) if fields.mac else None,
        _text(hit.get(HIT_ID), Reason.ID_TYPE) if fields.hit_id else None,
    )


def _depth(line: bytes) -> int:
    """How many objects and arrays lie inside each other at most, those that never end included."""
    brackets = _STRING.sub(b"", line).translate(None, _NO_BRACKETS)
    return max(accumulate(1 if bracket in b"{[" else -1 for bracket in brackets), default=0)


def _object(text: bytes | msgspec.Raw, otherwise: Reason) -> dict[str, msgspec.Raw]:
    """The members of a JSON object, each left as it is written; of equal keys the last."""
    try:
        str(text, "utf-8")
        return _members.decode(text)
    except UnicodeDecodeError:
        raise BrokenRuleError(Reason.NOT_UTF8) from None
    except msgspec.ValidationError:
        raise BrokenRuleError(otherwise if _is_json(text) else Reason.NOT_JSON) from None
    except msgspec.DecodeError:
        raise BrokenRuleError(Reason.NOT_JSON) from None


def _is_json(text: bytes | msgspec.Raw) -> bool:
    """Whether the text is JSON to its end: a type that does not fit is told before that is seen."""
    try:
        _anything.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def _contract(raw: msgspec.Raw | None) -> str:
    if raw is None or bytes(raw) == b"null":
        raise BrokenRuleError(Reason.CONTRACT_MISSING)
    if _is_integer(raw):
        digits = bytes(raw).decode()
        return "0" if digits == "-0" else digits
    value = _text(raw, Reason.CONTRACT_TYPE) or ""
    if "\0" in value:
        raise BrokenRuleError(Reason.CONTRACT_NUL)
    return value


def _seconds(raw: msgspec.Raw | None) -> int:
    if raw is None:
        raise BrokenRuleError(Reason.SECONDS_MISSING)
    text = bytes(raw)
    if text.startswith(b'"'):
        value = _string.decode(raw)
        if not (value.isascii() and value.isdigit()):
            raise BrokenRuleError(Reason.SECONDS_TYPE)
        return _bounded(value)
    if text[:1] not in b"-0123456789":
        raise BrokenRuleError(Reason.SECONDS_TYPE)
    return _number(raw)


def _number(raw: msgspec.Raw) -> int:
    """A JSON number as seconds. Beyond what a float holds it is as large as its sign says."""
    text = bytes(raw)
    if _is_integer(raw) and text != b"-0":
        if text.startswith(b"-"):
            raise BrokenRuleError(Reason.SECONDS_NEGATIVE)
        return _bounded(text.decode())
    value = float(text)
    if value < 0:
        raise BrokenRuleError(Reason.SECONDS_NEGATIVE)
    if value > MAX_SECONDS:
        raise BrokenRuleError(Reason.SECONDS_TOO_LARGE)
    if not value.is_integer():
        raise BrokenRuleError(Reason.SECONDS_FRACTION)
    return int(value)


def _bounded(digits: str) -> int:
    """An integer of any number of digits, which Python itself refuses to convert from 4,300 on."""
    significant = digits.lstrip("0")
    if len(significant) > _SECONDS_DIGITS or int(significant or "0") > MAX_SECONDS:
        raise BrokenRuleError(Reason.SECONDS_TOO_LARGE)
    return int(significant or "0")


def _text(raw: msgspec.Raw | None, otherwise: Reason) -> str | None:
    """A string, or None where it is null or missing."""
    if raw is None or bytes(raw) == b"null":
        return None
    if not bytes(raw).startswith(b'"'):
        raise BrokenRuleError(otherwise)
    return _string.decode(raw)


def _is_integer(raw: msgspec.Raw) -> bool:
    return bytes(raw).removeprefix(b"-").isdigit()
