"""A line judged by the rules in the plainest way, to tell what made-up logs hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from rules import depth

if TYPE_CHECKING:
    from collections.abc import Iterator

VALID = "valid"


def verdict(line: bytes) -> str:
    """Say what a line of hits is: valid, blank, or what is wrong with it."""
    if not line.strip() or depth(line) > 512:
        return "too deep" if line.strip() else "blank"
    try:
        hit = json.loads(line.decode(), parse_constant=_refuse)
    except ValueError as error:
        return "not UTF-8" if isinstance(error, UnicodeDecodeError) else "not JSON"
    if not isinstance(hit, dict):
        return "not an object"
    match hit.get("_source", "missing"):
        case "missing":
            return "no source"
        case dict(source):
            return "; ".join([*_contract_faults(source), *_other_faults(source)]) or VALID
    return "source of another type"


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _contract_faults(source: dict[str, Any]) -> Iterator[str]:
    match source.get("Contract"):
        case None:
            yield "no contract"
        case bool() | float() | list() | dict():
            yield "contract of another type"
        case str(name) if "\0" in name:
            yield "NUL in contract"
        case str(name) if any("\ud800" <= letter <= "\udfff" for letter in name):
            yield "lone surrogate in contract"


def _other_faults(source: dict[str, Any]) -> Iterator[str]:
    match source.get("TotalDuration", "missing"):
        case "missing":
            yield "no seconds"
        case str(text) if text.isascii() and text.isdigit():
            yield from ["too many seconds"] if int(text) >= 2**31 else []
        case None | bool() | str() | list() | dict():
            yield "seconds are no number"
        case seconds if seconds < 0:
            yield "negative seconds"
        case seconds if seconds >= 2**31:
            yield "too many seconds"
        case seconds if seconds != int(seconds):
            yield "fraction of seconds"
    if not isinstance(source.get("AppName"), str | None):
        yield "app of another type"
