"""The rules for a line, written again from their description: what is accepted and why not."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NamedTuple

MIB = 1024 * 1024


class Rejected(Exception):  # noqa: N818 - a verdict on a line, and no error of the oracle
    """A line breaks a rule; the only argument is the reason."""


class Valid(NamedTuple):
    """What a line that keeps every rule says."""

    contract: str
    app: str
    seconds: int


def load(line: bytes) -> Any:
    """The JSON value that a line holds; integers are Decimal, other numbers are float."""
    if len(line) > 16 * MIB:
        raise Rejected("line-too-long")
    if depth(line) > 512:
        raise Rejected("nested-too-deep")
    try:
        return json.loads(line.decode(), parse_int=Decimal, parse_constant=refuse)
    except UnicodeDecodeError:
        raise Rejected("not-utf-8") from None
    except ValueError:
        raise Rejected("not-json") from None


def depth(line: bytes) -> int:
    """The most objects and arrays that are open at a time, brackets in strings left out."""
    most = here = 0
    in_string = escaped = False
    for byte in line.decode("latin-1"):
        if in_string:
            in_string = escaped or byte != '"'
            escaped = byte == "\\" and not escaped
        else:
            in_string = byte == '"'
            here += (byte in "[{") - (byte in "]}")
            most = max(most, here)
    return most


def judge_hit(hit: Any) -> Valid:
    """Judge a hit whose source stands under ``_source``."""
    _refuse_lone_surrogates(hit)
    if not isinstance(hit, dict):
        raise Rejected("not-an-object")
    if "_source" not in hit:
        raise Rejected("source-missing")
    if not isinstance(hit["_source"], dict):
        raise Rejected("source-not-an-object")
    return judge_source(hit["_source"])


def judge_source(source: Any) -> Valid:
    """Judge a bare source: the contract, then the seconds, then the app."""
    _refuse_lone_surrogates(source)
    if not isinstance(source, dict):
        raise Rejected("not-an-object")
    contract, seconds, app = _contract(source), _seconds(source), source.get("AppName")
    if app is not None and not isinstance(app, str):
        raise Rejected("app-not-a-string")
    return Valid(contract, app or "", seconds)


def _contract(source: dict[str, Any]) -> str:
    value = source.get("Contract")
    if value is None:
        raise Rejected("contract-missing")
    if isinstance(value, Decimal):
        return str(value) if value else "0"
    if not isinstance(value, str):
        raise Rejected("contract-not-a-string")
    if "\0" in value:
        raise Rejected("contract-holds-nul")
    return value


def _seconds(source: dict[str, Any]) -> int:
    if "TotalDuration" not in source:
        raise Rejected("duration-missing")
    value = source["TotalDuration"]
    if isinstance(value, str) and re.fullmatch("[0-9]+", value):
        value = Decimal(value)
    if not isinstance(value, Decimal | float):
        raise Rejected("duration-not-a-number")
    if value < 0:
        raise Rejected("duration-negative")
    if value > 2_147_483_647:
        raise Rejected("duration-too-large")
    if value != int(value):
        raise Rejected("duration-fraction")
    return int(value)


def refuse(name: str) -> None:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is not JSON")


def _refuse_lone_surrogates(value: Any) -> None:
    """A string that UTF-8 cannot write, anywhere in the hit, rejects it."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            stack += item
        elif isinstance(item, str) and re.search("[\ud800-\udfff]", item):
            raise Rejected("not-json")
